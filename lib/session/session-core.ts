import { inspect, type InspectOptions } from 'node:util';
import {
  cookieAttributesOf,
  type CookieAttributes,
  type CookieOwner,
  type CookieSettings,
} from './session-cookie.js';
import { inspectSession } from './inspect-session.js';
import type { Session } from './session.js';
import { SessionAttributes, type AttributeChanges, type AttributePolicy } from './session-attributes.js';
import {
  formatCredential,
  hashSecret,
  newSecret,
  newSessionId,
  type SessionCredential,
} from './session-credential.js';
import { sessionOf } from './session-proxy.js';
import {
  SessionAnswerSentError,
  SessionDataError,
  SessionGoneError,
  SessionReadOnlyError,
} from './session.errors.js';
import type { SessionLock } from './session-lock.js';
import type { SessionRecord, SessionTimeouts } from './session-store.js';

/**
 * - `new`: not stored yet.
 * - `stored`: the store has it.
 * - `ended`: destroyed or regenerated; reads go on, writes are refused.
 * - `detached`: the store could not be asked and `throwOnError` is false; never stored.
 */
export type SessionStatus = 'new' | 'stored' | 'ended' | 'detached';

/** What the application's options say about every session. */
export interface SessionPolicy extends AttributePolicy {
  readonly idleTimeoutInSeconds: number;
  readonly maxIdleTimeoutInSeconds: number;
  readonly absoluteTimeoutInSeconds?: number | undefined;
  readonly maxSessionBytes: number;
  readonly cookie: CookieSettings;
}

/** The application's timeouts as stores take them. */
export function timeoutsOf({
  idleTimeoutInSeconds,
  absoluteTimeoutInSeconds,
}: SessionPolicy): SessionTimeouts {
  return {
    defaultIdleTimeoutInMilliseconds: idleTimeoutInSeconds * 1000,
    absoluteTimeoutInMilliseconds:
      absoluteTimeoutInSeconds === undefined ? undefined : absoluteTimeoutInSeconds * 1000,
  };
}

/** A create whose answer was lost: what was sent. */
export interface SentCreate {
  readonly changes: AttributeChanges;
  readonly ownIdle: number | undefined;
}

/** The secret that a rotation has drawn. */
export interface Rotation {
  readonly secret: string;
  readonly secretHash: string;
}

/** Who carries out the verbs of a session. */
export interface SessionActions {
  save(core: SessionCore): Promise<void>;
  reload(core: SessionCore): Promise<void>;
  touch(core: SessionCore): Promise<void>;
  regenerate(core: SessionCore): Promise<Session>;
  destroy(core: SessionCore): Promise<void>;
}

/** The state behind a session object: its record, what the request changed in it and what it asked for. */
export class SessionCore implements CookieOwner {
  /** The attributes' names and values, tracked. */
  readonly attributes: SessionAttributes;
  status: SessionStatus;
  /** Set by a read-only route: writes throw. */
  readOnly = false;
  /** `destroy()` was called; stays set when the store could not do it, so that the end of the request tries again. */
  destroyRequested = false;
  /** `rotate()` was called: the next save replaces the secret. */
  rotateRequested = false;
  /** The lock that an exclusive route holds, or has held: what is written after that is refused by the store. */
  lock: SessionLock | undefined;
  /** The object that applications see, once one was asked for. */
  session: Session | undefined;
  /** The prototype of that object, once somebody asked for it. */
  prototype: object | undefined;
  /** Told when `regenerate()` puts another session in this one's place. */
  onReplaced: ((next: SessionCore) => void) | undefined;
  /** The life of the session's cookie was set: the client gets the cookie again. */
  cookieChanged = false;
  /** What the request of this session came over. */
  transport: { readonly secure: boolean } | undefined;
  /** The answer has begun: a new credential can no longer reach the client. */
  answerSent = false;
  /**
   * A credential that the client does not have yet. With `outcomeUnknown`, the one to which the session will answer if the
   * store has carried out the write, or does when it is sent again.
   */
  newCredential: string | undefined;
  /** A create whose answer was lost: it is sent again before anything else is written. */
  sentCreate: SentCreate | undefined;
  /** A rotation whose answer was lost: it is sent again, with the same secret, before anything else is done. */
  sentRotation: Rotation | undefined;
  /** The error of the latest operation of this session that failed silently. */
  lastException: Error | undefined;

  #id: string | undefined;
  #createdAt: number | undefined;
  #secretHash: string | undefined;
  #storedIdle: number | undefined;
  #requestedIdle: number | undefined;
  #expiresAt: number | undefined;
  #operations: Promise<unknown> | undefined;

  /**
   * @param trusted The session was found by its id. Otherwise whoever uses it has shown or was given its secret, and the
   * store refuses what is asked for after another request has replaced that.
   */
  constructor(
    record: SessionRecord | undefined,
    private readonly policy: SessionPolicy,
    readonly actions: SessionActions,
    private readonly trusted = false,
  ) {
    this.attributes = new SessionAttributes(record?.attributes ?? new Map<string, string>(), policy);
    this.status = record === undefined ? 'new' : 'stored';
    if (record !== undefined) this.#adopt(record);
  }

  get id(): string {
    return (this.#id ??= newSessionId());
  }

  /** SHA-256 of the secret; a session that has none yet draws one, and with it a credential for the client. */
  get secretHash(): string {
    if (this.#secretHash === undefined) {
      const secret = newSecret();
      this.#secretHash = hashSecret(secret);
      this.newCredential = formatCredential(this.id, secret);
    }
    return this.#secretHash;
  }

  /** What the stored hash of the secret must be for an operation of this session; `undefined` for any. */
  get expectedHash(): string | undefined {
    return this.trusted ? undefined : this.secretHash;
  }

  /** Whether the answer to a create or a rotation was lost. The client needs `newCredential` in this case, too. */
  get outcomeUnknown(): boolean {
    return this.sentCreate !== undefined || this.sentRotation !== undefined;
  }

  /** Milliseconds since the epoch: by the store's clock once it is stored. */
  get createdAt(): number {
    return (this.#createdAt ??= Date.now());
  }

  /** When the session ends however busy it is, in milliseconds since the epoch by the store's clock. */
  get expiresAt(): number | undefined {
    return this.#expiresAt;
  }

  /** What ends the session after its last request: its own timeout, or the application's. */
  get idleTimeoutInSeconds(): number {
    const own = this.ownIdle;
    return own === undefined ? this.policy.idleTimeoutInSeconds : own / 1000;
  }

  /** The session's own idle timeout as it is stored, in milliseconds. */
  get storedIdle(): number | undefined {
    return this.#storedIdle;
  }

  /** The session's own idle timeout in milliseconds, if it has one. */
  get ownIdle(): number | undefined {
    return this.#requestedIdle ?? this.#storedIdle;
  }

  /** An own idle timeout that is not stored yet. */
  get idleChange(): number | undefined {
    return this.#requestedIdle === this.#storedIdle ? undefined : this.#requestedIdle;
  }

  /** The application's idle timeout. */
  get defaultIdleTimeoutInSeconds(): number {
    return this.policy.idleTimeoutInSeconds;
  }

  /** The longest idle timeout that the session can be given. */
  get longestIdleTimeoutInSeconds(): number {
    const { maxIdleTimeoutInSeconds, absoluteTimeoutInSeconds = Infinity } = this.policy;
    return Math.min(maxIdleTimeoutInSeconds, absoluteTimeoutInSeconds);
  }

  /** Takes a credential that the client can present already, instead of drawing one. */
  assume({ id, secret }: SessionCredential): void {
    this.#id = id;
    this.#secretHash = hashSecret(secret);
  }

  setOwnIdle(milliseconds: number): void {
    this.assertWritable('set idleTimeoutInSeconds');
    this.#requestedIdle = milliseconds;
  }

  /** Whether this session's cookie outlives the browser window, whatever the application's options say. */
  get persistentCookie(): boolean {
    try {
      return this.attributes.get(COOKIE) === PERSISTENT;
    } catch {
      return false;
    }
  }

  setCookieLife(seconds: number | undefined): void {
    sessionOf(this).idleTimeoutInSeconds = seconds ?? this.policy.idleTimeoutInSeconds;
    this.setAttribute(COOKIE, seconds === undefined ? undefined : PERSISTENT);
    this.cookieChanged = true;
  }

  get cookieAttributes(): CookieAttributes {
    return cookieAttributesOf(this.policy.cookie, this.transport?.secure ?? false);
  }

  setAttribute(name: string, value: unknown): void {
    this.assertWritable(`set session.${name}`);
    if (name.startsWith(':')) {
      throw new SessionDataError(
        `"${name}" cannot name a session attribute: names that begin with ":" hold the session's own metadata.`,
        name,
      );
    }
    if (HALF_OF_A_CHARACTER.test(name)) {
      throw new SessionDataError(
        `"${name}" cannot name a session attribute: half of a character in it would come back as another name.`,
        name,
      );
    }
    this.attributes.set(name, value);
  }

  assertWritable(attempt: string): void {
    if (this.status === 'ended') throw new SessionGoneError(this.id);
    if (this.readOnly) throw new SessionReadOnlyError(attempt);
  }

  /** @throws SessionAnswerSentError if the client can no longer be given a credential */
  assertCanSend(attempt: string): void {
    if (this.answerSent) throw new SessionAnswerSentError(attempt);
  }

  /** Whether handlers may write: a read-only route also freezes what they read. */
  setReadOnly(readOnly: boolean): void {
    if (this.readOnly === readOnly) return;
    this.readOnly = readOnly;
    if (readOnly) this.attributes.freeze();
    else this.attributes.thaw();
  }

  /** Runs one store operation of this session at a time, in the order in which they were asked for. */
  enqueue<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#operations === undefined ? operation() : this.#operations.then(operation);
    const ended = (): void => {
      if (this.#operations === settled) this.#operations = undefined;
    };
    const settled: Promise<void> = run.then(ended, ended);
    this.#operations = settled;
    return run;
  }

  /** Resolves when every operation that was asked for has ended, well or not; `undefined` where none is under way. */
  get underWay(): Promise<unknown> | undefined {
    return this.#operations;
  }

  /** The record was stored for the first time. */
  created(at: number, ownIdle: number | undefined): void {
    this.status = 'stored';
    this.sentCreate = undefined;
    this.#createdAt = at;
    this.#storedIdle = ownIdle;
    this.rotateRequested = false;
  }

  /** The changes are stored. */
  saved(idleChange: number | undefined): void {
    if (idleChange !== undefined) this.#storedIdle = idleChange;
  }

  /** The store has the new secret. */
  rotated(rotation: Rotation): void {
    this.sentRotation = undefined;
    this.rotateRequested = false;
    this.#secretHash = rotation.secretHash;
    if (this.lock !== undefined) this.lock.secretHash = this.expectedHash;
    this.newCredential = formatCredential(this.id, rotation.secret);
  }

  /** The store may have the new secret. */
  mayBeRotated(rotation: Rotation): void {
    this.sentRotation = rotation;
    // Either may be stored now.
    if (this.lock !== undefined) this.lock.secretHash = undefined;
    this.newCredential = formatCredential(this.id, rotation.secret);
  }

  /** The store has refused the new secret that it was thought to have. */
  notRotated(): void {
    if (this.sentRotation === undefined) return;
    this.sentRotation = undefined;
    this.newCredential = undefined;
  }

  /** The record as the store has it now; what this request changed is kept on top (`rebase`) or forgotten. */
  reloaded(record: SessionRecord, mode: 'rebase' | 'reset'): void {
    this.#adopt(record);
    this.attributes[mode](record.attributes);
    if (mode === 'reset') {
      this.#requestedIdle = undefined;
      this.rotateRequested = false;
    }
  }

  /** Called by util.inspect on behalf of the session object: `this` is that object then. */
  [inspect.custom](depth: number | null, options: InspectOptions, inspector: typeof inspect): string {
    const session = this instanceof SessionCore ? sessionOf(this) : this;
    return inspectSession(session, depth, options, inspector);
  }

  #adopt(record: SessionRecord): void {
    this.#id = record.id;
    this.#secretHash = record.secretHash;
    this.#createdAt = record.createdAt;
    this.#storedIdle = record.idleTimeoutInMilliseconds;
    this.#expiresAt = record.expiresAt;
  }
}

// An attribute whose name no application can use, as in express-session's records.
const COOKIE = 'cookie';
const PERSISTENT = 'persistent';

// A surrogate without its other half: no bytes of UTF-8 stand for it.
const HALF_OF_A_CHARACTER = /\p{Surrogate}/u;
