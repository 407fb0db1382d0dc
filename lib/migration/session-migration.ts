import { createHmac } from 'node:crypto';
import type { SessionCore } from '../session/session-core.js';
import type { SessionCredential } from '../session/session-credential.js';
import { canNameAttribute, sessionOf } from '../session/session-proxy.js';
import type { SessionOperations } from '../session/session-operations.js';

/** What other software stored of a session. */
export interface OldSession {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The session's own idle timeout, where it had one. */
  readonly idleTimeoutInSeconds: number | undefined;
}

/** Where other software keeps its sessions. */
export interface OldSessions {
  /** @returns `undefined` where there is none or it has expired. */
  find(id: string): Promise<OldSession | undefined>;
  remove(id: string): Promise<void>;
}

/** What a visitor of the other software presents, its signature checked. */
export interface OldCredential {
  /** The id that the other software gave: random, and known to the visitor alone. */
  readonly id: string;
  /** The secret that signed it. */
  readonly secret: string;
}

/** A session that took an old one's place, and what opens it. */
export interface MigratedSession {
  readonly core: SessionCore;
  readonly credential: SessionCredential;
}

/** Turns sessions of other software into sessions of ours, once each, and removes the old ones. */
export class SessionMigration {
  constructor(
    private readonly operations: SessionOperations,
    private readonly old: OldSessions,
  ) {}

  /** The session that took the place of an old one, made now where it is not there yet. @returns `undefined` for neither. */
  async open(presented: OldCredential): Promise<MigratedSession | undefined> {
    const credential = credentialFor(presented);
    const core =
      (await this.operations.open(credential)) ??
      (await this.#make(presented, credential)) ??
      // Another request may have made it, and removed the old one, since the first look.
      (await this.operations.open(credential));
    // Not before the new one is stored; and not left behind, or it would bring the session back after a logout.
    if (core !== undefined) await this.old.remove(presented.id);
    return core && { core, credential };
  }

  async #make({ id }: OldCredential, credential: SessionCredential): Promise<SessionCore | undefined> {
    const old = await this.old.find(id);
    if (old === undefined) return undefined;
    const core = this.operations.core();
    core.assume(credential);
    for (const [name, value] of Object.entries(old.attributes)) {
      if (canNameAttribute(name)) core.setAttribute(name, value);
    }
    if (old.idleTimeoutInSeconds !== undefined) {
      sessionOf(core).idleTimeoutInSeconds = old.idleTimeoutInSeconds;
    }
    await this.operations.save(core);
    if (core.status !== 'stored') throw core.lastException!;
    return core;
  }
}

// A page sends many requests at once, each with the old cookie. Drawn from that, they all get the same credential, and
// the session is created once; whoever cannot present the old cookie cannot draw it.
function credentialFor({ id, secret }: OldCredential): SessionCredential {
  const draw = (what: string): Buffer =>
    createHmac('sha256', secret).update(`nestjs-redis-session ${what} ${id}`).digest();
  return { id: draw('id').toString('base64url', 0, 16), secret: draw('secret').toString('base64url') };
}
