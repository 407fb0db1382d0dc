/** Processor time of this program, in milliseconds. */
export function processCpu(): Promise<number> {
  const { user, system } = process.cpuUsage();
  return Promise.resolve((user + system) / 1000);
}
