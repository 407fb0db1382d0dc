const FIRST_RETRY_AFTER_MS = 20;
const NEXT_RETRY_AFTER_MS = 1000;

/** What the schedule needs of time; injected in tests. */
export interface RetryClock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const monotonic: RetryClock = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Tries a failed operation again on the provider's documented schedule: after 20 ms, then every second, until the
 * interval has passed, and once more right then.
 *
 * @param firstFailure why the attempt before this call failed
 * @param startedAt when that attempt began, by the clock: the interval counts from there
 * @param isRetryable whether a failure can heal by itself; one that cannot ends the schedule
 * @throws the last failure
 */
export async function retry<T>(
  operation: () => Promise<T>,
  firstFailure: unknown,
  startedAt: number,
  intervalInMilliseconds: number,
  isRetryable: (error: unknown) => boolean,
  clock: RetryClock = monotonic,
): Promise<T> {
  const deadline = startedAt + intervalInMilliseconds;
  let failure = firstFailure;
  let wait = FIRST_RETRY_AFTER_MS;
  let last = false;
  while (!last && isRetryable(failure)) {
    const next = Math.min(clock.now() + wait, deadline);
    last = next >= deadline;
    const pause = next - clock.now();
    if (pause > 0) await clock.sleep(pause);
    try {
      return await operation();
    } catch (error) {
      failure = error;
    }
    wait = NEXT_RETRY_AFTER_MS;
  }
  throw failure;
}
