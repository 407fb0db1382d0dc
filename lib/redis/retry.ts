const FIRST_RETRY_AFTER_MS = 20;
const NEXT_RETRY_AFTER_MS = 1000;

/** The clock of the retry schedule. Tests inject their own. */
export interface RetryClock {
  now(): number;
  sleep(milliseconds: number): Promise<void>;
}

const monotonic: RetryClock = {
  now: () => performance.now(),
  sleep: (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds)),
};

/**
 * Retries a failed operation on the documented schedule of Microsoft's provider: after 20 ms, then every second, and once
 * more at the end of the interval.
 *
 * @param firstFailure why the first attempt failed
 * @param startedAt when the first attempt began, by the clock; the interval starts then
 * @param isRetryable whether a retry can succeed after this failure
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
