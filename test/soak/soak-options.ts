/** What both applications run with: short, so that many faults fit into a minute. */
export const soakOptions = {
  applicationName: 'soak',
  idleTimeoutInSeconds: 3600,
  operationTimeoutInMilliseconds: 400,
  // Longer than the stalls of event loops: with ioredis, a stall of this length ends the connection.
  connectionTimeoutInMilliseconds: 2000,
  lock: { leaseInMilliseconds: 1500, waitTimeoutInMilliseconds: 3000, maxWaiters: 50 },
} as const;

/** Own idle timeouts of sessions begin here: each is longer than that of the application. Seconds. */
export const REMEMBERED_FROM_SECONDS = 7200;

const { applicationName, operationTimeoutInMilliseconds, lock } = soakOptions;

/** For the other work of two busy cores: this program is not alone on them. */
const SLACK = 3000;

/** After how many milliseconds a request must have its answer, by the operations of the store that it makes at most. */
export function requestBound(
  operations: number,
  exclusive: boolean,
  retryTimeoutInMilliseconds: number,
): number {
  // An attempt that begins just before the interval ends may take its whole time, and the last one as well.
  const operation = retryTimeoutInMilliseconds + 2 * operationTimeoutInMilliseconds;
  return operations * operation + (exclusive ? lock.waitTimeoutInMilliseconds : 0) + SLACK;
}

/** The key of a session's hash. */
export function dataKey(id: string): string {
  return `{${applicationName}_${id}}_Data`;
}
