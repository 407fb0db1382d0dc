import type { Random } from './random.js';
import { actions } from './soak-site.js';
import type { SoakSession } from './soak-session.js';

interface Grave {
  readonly session: SoakSession;
  readonly credential: string;
  /** A session that is to expire must not be asked for before. */
  readonly notBefore: number;
}

/** Credentials that must open nothing any more: of sessions that have ended, and those that were rotated away. */
export class Graveyard {
  readonly #graves: Grave[] = [];

  bury(session: SoakSession, credential: string, notBefore = 0): void {
    this.#graves.push({ session, credential, notBefore });
  }

  /** The sessions that have ended by now. */
  get ended(): SoakSession[] {
    const now = performance.now();
    const ended = this.#graves.filter(({ session, notBefore }) => session.life.ended && notBefore <= now);
    return [...new Set(ended.map(({ session }) => session))];
  }

  /** Presents one of them, to a route that reads or to one that writes: it is refused, or the session's model objects. */
  async visit(random: Random): Promise<void> {
    const now = performance.now();
    const open = this.#graves.filter(({ notBefore }) => notBefore <= now);
    if (open.length === 0) return;
    const { session, credential } = random.pick(open);
    const knock = random.pick([
      () => session.request(actions.read, undefined, credential),
      () => session.request(actions.set, { ghost: session.label }, credential),
      () => session.request(actions.increment, { hold: 0, mark: session.label }, credential),
    ]);
    await knock();
  }
}
