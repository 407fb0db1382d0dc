/** What both applications run with: short, so that many faults fit into a minute. */
export const soakOptions = {
  applicationName: 'soak',
  idleTimeoutInSeconds: 3600,
  operationTimeoutInMilliseconds: 400,
  retryTimeoutInMilliseconds: 800,
  connectionTimeoutInMilliseconds: 500,
  lock: { leaseInMilliseconds: 1500, waitTimeoutInMilliseconds: 3000, maxWaiters: 50 },
} as const;

const { operationTimeoutInMilliseconds, retryTimeoutInMilliseconds, lock } = soakOptions;

// An attempt that begins just before the interval ends may take its whole time, and the last one as well.
const OPERATION = retryTimeoutInMilliseconds + 2 * operationTimeoutInMilliseconds;

/** For the other work of two busy cores: this program is not alone on them. */
const SLACK = 3000;

/** After how many milliseconds a request must have its answer, by the operations of the store that it makes at most. */
export function requestBound(operations: number, exclusive: boolean): number {
  return operations * OPERATION + (exclusive ? lock.waitTimeoutInMilliseconds : 0) + SLACK;
}
