import type { EmitSessionEvent } from './session-event.js';

/** Says that clients presented wrong secrets for sessions that exist. */
export interface ForgedCredentialReport {
  /** The session whose secret was wrong in the latest attempt. Safe to log. */
  readonly id: string;
  /** The number of attempts since the last report, for any session. */
  readonly count: number;
}

const INTERVAL_MS = 60_000;

/** Reports wrong secrets, at most once a minute: an attacker must not be able to flood the log. */
export class ForgedCredentials {
  #reportedAt = -Infinity;
  #count = 0;

  constructor(
    private readonly report: ((report: ForgedCredentialReport) => void) | undefined,
    private readonly emit?: EmitSessionEvent,
  ) {}

  add(id: string): void {
    this.#count++;
    if (this.report === undefined && this.emit === undefined) return;
    if (performance.now() - this.#reportedAt < INTERVAL_MS) return;
    this.#reportedAt = performance.now();
    const count = this.#count;
    this.#count = 0;
    this.emit?.({ name: 'session.forged', id, count });
    // An error of the application's function must not fail the request, nor end the process.
    void Promise.resolve({ id, count })
      .then(this.report)
      .catch(() => undefined);
  }
}
