import { createHmac } from 'node:crypto';
import type { SessionCore } from '../session/session-core.js';
import type { SessionCredential } from '../session/session-credential.js';
import { canNameAttribute } from '../session/session-proxy.js';
import type { SessionOperations } from '../session/session-operations.js';
import { SessionConflictError, SessionDataError, SessionTooLargeError } from '../session/session.errors.js';

/** A session of other software. */
export interface OldSession {
  readonly attributes: Readonly<Record<string, unknown>>;
  /** The idle timeout of this session. `undefined` if it had none of its own. */
  readonly idleTimeoutInSeconds: number | undefined;
}

/** The store of other software. */
export interface OldSessions {
  /** @returns `undefined` if the session does not exist or has expired */
  find(id: string): Promise<OldSession | undefined>;
  remove(id: string): Promise<void>;
}

/** The credential of a visitor of the other software, with a valid signature. */
export interface OldCredential {
  /** The id that the other software issued: random, and known only to the visitor. */
  readonly id: string;
  /** The secret that signed it. */
  readonly secret: string;
}

/** A session that replaced an old one, and its credential. */
export interface MigratedSession {
  readonly core: SessionCore;
  readonly credential: SessionCredential;
}

/** Remembers the sessions that replaced old ones, even after they ended. */
export interface RememberedSessions {
  has(id: string): Promise<boolean>;
  /** @returns when the first session of this id was created; not `createdAt` if that session has ended in the meantime */
  add(id: string, createdAt: number, lifeInSeconds: number): Promise<number>;
}

/** Converts sessions of other software, once each, and removes the old ones. */
export class SessionMigration {
  constructor(
    private readonly operations: SessionOperations,
    private readonly old: OldSessions,
    private readonly migrated: RememberedSessions,
    private readonly log: { warn(message: string): void },
  ) {}

  /** Returns the session that replaces an old one, and creates it if necessary. @returns `undefined` if there is none */
  async open(presented: OldCredential): Promise<MigratedSession | undefined> {
    const credential = credentialFor(presented);
    const core =
      (await this.operations.open(credential)) ??
      (await this.#make(presented, credential)) ??
      // Another request may have created it, and removed the old one, since the first read.
      (await this.operations.open(credential));
    const kept = core && (await this.#remember(core));
    // Last, because the new session must be stored and remembered first. In any case, because an old record that came back
    // or is unusable would undo a logout, or fail every request.
    await this.old.remove(presented.id);
    return kept && { core: kept, credential };
  }

  async #make({ id }: OldCredential, credential: SessionCredential): Promise<SessionCore | undefined> {
    const [old, wasMigrated] = await Promise.all([this.old.find(id), this.migrated.has(credential.id)]);
    if (old === undefined || wasMigrated) return undefined;
    const core = this.operations.core();
    core.identity.assume(credential);
    core.migrated = true;
    try {
      fill(core, old);
      await this.operations.save(core);
    } catch (error) {
      // A login has rotated the secret since the first read.
      if (error instanceof SessionConflictError) return undefined;
      if (!isUnusable(error)) throw error;
      this.log.warn(
        `A session of the old application cannot be taken over, and its visitor starts a new one: ${printable(error)}`,
      );
      return undefined;
    }
    if (core.status !== 'stored') throw core.lastException!;
    core.migrated = false;
    return core;
  }

  // A request that stalls between its read of the old record and its write must not undo a logout in between.
  async #remember(core: SessionCore): Promise<SessionCore | undefined> {
    const first = await this.migrated.add(core.id, core.createdAt, core.idleTimeoutInSeconds);
    if (first === core.createdAt) return core;
    await this.operations.destroy(core);
    return undefined;
  }
}

function fill(core: SessionCore, old: OldSession): void {
  for (const [name, value] of Object.entries(core.shaped(old.attributes))) {
    if (canNameAttribute(name)) core.setAttribute(name, value);
  }
  if (old.idleTimeoutInSeconds === undefined) return;
  // Capped rather than rejected: a long timeout is no reason to log a visitor out.
  core.idleTimeoutInSeconds = Math.min(old.idleTimeoutInSeconds, core.lifetime.longestIdleTimeoutInSeconds);
  core.persistentCookie = true;
}

// The record breaks a limit of this module, and would do so on every later request.
function isUnusable(error: unknown): error is Error {
  return (
    error instanceof SessionDataError || error instanceof SessionTooLargeError || error instanceof RangeError
  );
}

// The message contains names of the old record: they must not forge log lines or flood the log.
function printable({ message }: Error): string {
  return message.replaceAll(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/gu, '?').slice(0, 300);
}

// A page sends many requests at once, each with the old cookie. The credential is derived from that cookie, so they all get
// the same one and the session is created once. Without the old cookie nobody can derive it.
function credentialFor({ id, secret }: OldCredential): SessionCredential {
  const derive = (what: string): Buffer =>
    createHmac('sha256', secret).update(`nestjs-redis-session ${what} ${id}`).digest();
  return { id: derive('id').toString('base64url', 0, 16), secret: derive('secret').toString('base64url') };
}
