import { createHmac } from 'node:crypto';
import type { SessionCore } from '../session/session-core.js';
import type { SessionCredential } from '../session/session-credential.js';
import { canNameAttribute } from '../session/session-proxy.js';
import type { SessionOperations } from '../session/session-operations.js';
import { SessionConflictError, SessionDataError, SessionTooLargeError } from '../session/session.errors.js';

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

/** The sessions that took the place of old ones, remembered beyond their end. */
export interface RememberedSessions {
  has(id: string): Promise<boolean>;
  /** @returns when the first session of this id began: not `createdAt` if that session has ended since */
  add(id: string, createdAt: number, lifeInSeconds: number): Promise<number>;
}

/** Turns sessions of other software into sessions of ours, once each, and removes the old ones. */
export class SessionMigration {
  constructor(
    private readonly operations: SessionOperations,
    private readonly old: OldSessions,
    private readonly migrated: RememberedSessions,
    private readonly log: { warn(message: string): void },
  ) {}

  /** The session in an old one's place, made now if necessary. @returns `undefined` if the visitor starts anew */
  async open(presented: OldCredential): Promise<MigratedSession | undefined> {
    const credential = credentialFor(presented);
    const core =
      (await this.operations.open(credential)) ??
      (await this.#make(presented, credential)) ??
      // Another request may have made it, and removed the old one, since the first look.
      (await this.operations.open(credential));
    const kept = core && (await this.#remember(core));
    // Last: until the session is stored and remembered, the old record is all there is. Also if it came back or cannot
    // be used: it would bring the session back after a logout, or fail with every request.
    await this.old.remove(presented.id);
    return kept && { core: kept, credential };
  }

  async #make({ id }: OldCredential, credential: SessionCredential): Promise<SessionCore | undefined> {
    const [old, wasMigrated] = await Promise.all([this.old.find(id), this.migrated.has(credential.id)]);
    if (old === undefined || wasMigrated) return undefined;
    const core = this.operations.core();
    core.identity.assume(credential);
    try {
      fill(core, old);
      await this.operations.save(core);
    } catch (error) {
      // A login has replaced the secret since the first look.
      if (error instanceof SessionConflictError) return undefined;
      if (!isUnusable(error)) throw error;
      this.log.warn(
        `A session of the old application cannot be taken over, and its visitor starts a new one: ${printable(error)}`,
      );
      return undefined;
    }
    if (core.status !== 'stored') throw core.lastException!;
    return core;
  }

  // A request that stalled between its look at the old record and its write would undo a logout that came in between.
  async #remember(core: SessionCore): Promise<SessionCore | undefined> {
    const first = await this.migrated.add(core.id, core.createdAt, core.idleTimeoutInSeconds);
    if (first === core.createdAt) return core;
    await this.operations.destroy(core);
    return undefined;
  }
}

function fill(core: SessionCore, old: OldSession): void {
  for (const [name, value] of Object.entries(old.attributes)) {
    if (canNameAttribute(name)) core.setAttribute(name, value);
  }
  if (old.idleTimeoutInSeconds === undefined) return;
  // A longer one than ours can be is no reason to log a visitor out. Its cookie outlived the browser window.
  core.idleTimeoutInSeconds = Math.min(old.idleTimeoutInSeconds, core.lifetime.longestIdleTimeoutInSeconds);
  core.persistentCookie = true;
}

// What the record holds breaks a rule of ours, now and with every later request.
function isUnusable(error: unknown): error is Error {
  return (
    error instanceof SessionDataError || error instanceof SessionTooLargeError || error instanceof RangeError
  );
}

// Names of attributes come from the record: they must not forge or flood the log.
function printable({ message }: Error): string {
  return message.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '?').slice(0, 300);
}

// A page sends many requests at once, each with the old cookie. Drawn from that, they all get the same credential, and
// the session is created once; whoever cannot present the old cookie cannot draw it.
function credentialFor({ id, secret }: OldCredential): SessionCredential {
  const draw = (what: string): Buffer =>
    createHmac('sha256', secret).update(`nestjs-redis-session ${what} ${id}`).digest();
  return { id: draw('id').toString('base64url', 0, 16), secret: draw('secret').toString('base64url') };
}
