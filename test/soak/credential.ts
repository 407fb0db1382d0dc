import { Life } from './life.js';

/** A credential of a session, as the browser that was given it knows it. */
export class Credential {
  readonly life = new Life();
  /** A rotation of it was acknowledged. */
  replaced = false;
  /** Its rotations that were acknowledged, are under way, or of which nobody knows. */
  rotations = 0;
  /** Why it may open nothing yet, until it has opened the session. */
  doubt: Doubt | undefined;
}

/** It came with a 503: the reply to the rotation that drew it was lost. */
export class Doubt {
  constructor(
    private readonly replaces: Credential,
    private readonly restarted: () => boolean,
  ) {}

  /**
   * Whether it may never open the session: only one of several rotations at once can win, and the application that ended
   * cannot send its rotation again.
   */
  get mayStay(): boolean {
    return this.replaces.rotations > 1 || this.restarted();
  }
}
