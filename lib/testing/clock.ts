import { clockAhead, now, setClockAhead } from '../shared.js';

/** How far to move the clock. The parts add up. */
export interface ClockStep {
  readonly hours?: number;
  readonly minutes?: number;
  readonly seconds?: number;
  readonly milliseconds?: number;
}

/**
 * The clock of the sessions in memory: their timeouts, `authenticatedAt`, `@RequireRecentAuthentication()` and the leases of
 * their locks. One for all applications in the process. Timers, `Date` and HTTP keep their own time. Sessions in Redis
 * live by the clock of Redis, which no test moves.
 */
export const clock = {
  /** Now, in milliseconds since the epoch. */
  now,
  /**
   * Moves the clock forward.
   * @throws RangeError for a step backwards, or one that is no number
   * @example clock.advance({ minutes: 20 });
   */
  advance({ hours = 0, minutes = 0, seconds = 0, milliseconds = 0 }: ClockStep): void {
    const step = ((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds;
    if (!Number.isFinite(step) || step < 0)
      throw new RangeError(
        `clock.advance() takes a step forward, such as { seconds: 90 }, and got ${step} ms. Call clock.reset() to go back.`,
      );
    setClockAhead(clockAhead() + step);
  },
  /** Sets the clock back to that of the process. Call it after each test. */
  reset(): void {
    setClockAhead(0);
  },
};
