import { setTimeout as sleep } from 'node:timers/promises';
import { soakOptions } from './soak-options.js';
import { actions } from './soak-site.js';
import type { SoakSession } from './soak-session.js';
import type { StoredSessions } from './stored-sessions.js';

/** An own idle timeout is at least an hour longer than that of the application; no session lives for half of that here. */
const REMEMBERED_FOR_MILLISECONDS = (soakOptions.idleTimeoutInSeconds + 1800) * 1000;

/** The package settles a rotation whose reply was lost as soon as its application reaches Redis again. */
const MOST_REFUSALS = 75;
const MOST_TRIES = 150;
const PAUSE_MILLISECONDS = 200;

/** Compares a session with what Redis has of it, while no request of its visitor is under way. */
export class SessionInspection {
  constructor(
    private readonly stored: Pick<StoredSessions, 'expiry' | 'holds'>,
    private readonly pauseInMilliseconds = PAUSE_MILLISECONDS,
  ) {}

  async of(session: SoakSession): Promise<void> {
    if (session.remembered) await this.#expiry(session);
    if (session.lockedOut) await this.#letIn(session);
  }

  async #expiry(session: SoakSession): Promise<void> {
    const left = await this.stored.expiry(session.id);
    if (left === undefined || left < 0 || left > REMEMBERED_FOR_MILLISECONDS) return;
    // Said once.
    session.remembered = false;
    session.violated('a session with an idle timeout of its own ends earlier', {
      acknowledged: 'idleTimeoutInSeconds of two hours or more',
      seen: `Redis ends it in ${Math.round(left / 1000)} s`,
    });
  }

  /** A rotation was answered with 503: what the browser holds since must open the session once that is settled. */
  async #letIn(session: SoakSession): Promise<void> {
    const held = session.credential;
    let refusals = 0;
    for (let tries = 0; tries < MOST_TRIES && refusals < MOST_REFUSALS; tries++) {
      session.lockedOut = false;
      const { outcome } = await session.request(actions.read, undefined, held);
      if (outcome === 'done') return;
      // Nothing can be settled while Redis is away.
      if (outcome === 'refused') refusals++;
      await sleep(this.pauseInMilliseconds);
    }
    session.lockedOut = true;
    if (session.mayStayLockedOut) return;
    if ((await this.stored.holds(session.id, held)) !== 'another secret') return;
    session.violated('its visitor is locked out after a rotation that was answered with 503', {
      acknowledged: 'nothing: a 503, after which the browser must still get in',
      seen: '410: Redis has the session under a secret that the browser does not hold',
    });
  }
}
