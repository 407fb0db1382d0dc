import { inspect, type InspectOptions } from 'node:util';
import { inspectSession } from './inspect-session.js';
import { SessionAttributes, type AttributeChanges } from './session-attributes.js';
import { cookieAttributesOf, type CookieAttributes, type CookieOwner } from './session-cookie.js';
import { type DrawnSecret, SessionIdentity } from './session-credential.js';
import { isPersistent, setPersistent, SessionLifetime } from './session-lifetime.js';
import type { IndexChanges } from './session-index.js';
import type { DeviceBinding } from './device-binding.js';
import type { SessionLock } from './session-lock.js';
import type { SessionPolicy } from './session-policy.js';
import type { SessionRecord } from './session-store.js';
import type { Session } from './session.js';
import {
  SessionAnswerSentError,
  SessionDataError,
  SessionGoneError,
  SessionReadOnlyError,
} from './session.errors.js';

/**
 * - `new`: not stored yet.
 * - `stored`: the store has it.
 * - `ended`: destroyed or regenerated; reads still work, writes are refused.
 * - `detached`: the store could not answer and `throwOnError` is false; never stored.
 */
export type SessionStatus = 'new' | 'stored' | 'ended' | 'detached';

/** A create whose answer was lost. */
export interface SentCreate {
  readonly changes: AttributeChanges;
  readonly ownIdle: number | undefined;
  /** The secrets that it was sent with, a new one each time. The store may have one of them. */
  readonly secrets: DrawnSecret[];
  readonly indexed: IndexChanges | undefined;
  readonly authenticated: boolean;
}

/** Carries out the verbs of a session. */
export interface SessionActions {
  save(core: SessionCore): Promise<void>;
  reload(core: SessionCore): Promise<void>;
  touch(core: SessionCore): Promise<void>;
  regenerate(core: SessionCore): Promise<SessionCore>;
  destroy(core: SessionCore): Promise<void>;
}

/** The state behind a session object: what the store has, what the request changed in it and what it asked for. */
export class SessionCore implements CookieOwner {
  readonly attributes: SessionAttributes;
  readonly identity: SessionIdentity;
  readonly lifetime: SessionLifetime;
  status: SessionStatus;
  /** Set by a read-only route: writes throw. */
  readOnly = false;
  /** Opened with a secret that a rotation has replaced: reads, and every write is refused. */
  readonly outdated: boolean;
  /** `destroy()` was called. Stays set if the store fails, so that the end of the request tries again. */
  destroyRequested = false;
  /** The lock that an exclusive route holds or has held. Once it is lost, the store refuses the session's writes. */
  lock: SessionLock | undefined;
  /** The object that the application sees, once it was asked for. */
  session: Session | undefined;
  /** The prototype of that object, once it was asked for. */
  prototype: object | undefined;
  /** Called when `regenerate()` replaces this session. */
  onReplaced: ((next: SessionCore) => void) | undefined;
  /** Filled by a migration: nobody knows when its user authenticated. */
  migrated = false;
  /** The cookie's lifetime was set: the client gets the cookie again. */
  cookieChanged = false;
  /** How the request of this session arrived. */
  transport: { readonly secure: boolean } | undefined;
  /** The answer has begun: a new credential can no longer reach the client. */
  answerSent = false;
  /** A create whose answer was lost. It is settled before anything else is written. */
  sentCreate: SentCreate | undefined;
  /** The values that the stored session has in indexes. */
  indexed: ReadonlyMap<string, string> | undefined;
  /** What the stored session knows of the device that it is bound to. */
  device: string | undefined;
  /** Whether the request of this session comes from that device; `undefined` if nobody has judged it. */
  deviceBound: DeviceBinding | undefined;
  /** When the session object was made, by the monotonic clock. */
  readonly begunAt = performance.now();
  /** The error of the latest operation of this session that failed silently. */
  lastException: Error | undefined;
  #operations: Promise<unknown> | undefined;

  /** @param trusted The session was found by its id. Otherwise the store refuses its operations after a rotation. */
  constructor(
    record: SessionRecord | undefined,
    private readonly policy: SessionPolicy,
    readonly actions: SessionActions,
    trusted = false,
  ) {
    this.identity = new SessionIdentity(trusted);
    const texts = record?.attributes ?? new Map<string, string>();
    this.attributes = new SessionAttributes(texts, policy, this.identity, record?.schemaVersion);
    this.lifetime = new SessionLifetime(policy);
    this.status = record === undefined ? 'new' : 'stored';
    this.outdated = record !== undefined && record.previous?.secretHash === record.secretHash;
    if (record !== undefined) this.#adopt(record);
  }

  get id(): string {
    return this.identity.id;
  }

  get newCredential(): string | undefined {
    return this.identity.newCredential;
  }

  /** Whether the answer to a create or a rotation was lost. The client needs `newCredential` in this case, too. */
  get outcomeUnknown(): boolean {
    return this.sentCreate !== undefined || this.identity.sentRotation !== undefined;
  }

  get createdAt(): number {
    return this.lifetime.createdAt;
  }

  /**
   * When the session's user last authenticated, in milliseconds since the epoch; `undefined` if never. Also `undefined` for a
   * secret that a rotation has replaced, because whoever holds it may not be the one who authenticated.
   */
  get authenticatedAt(): number | undefined {
    const holds = this.status === 'stored' && !this.outdated && !this.destroyRequested;
    return holds ? this.lifetime.authenticatedAt : undefined;
  }

  get idleTimeoutInSeconds(): number {
    return this.lifetime.idleTimeoutInSeconds;
  }

  set idleTimeoutInSeconds(seconds: number) {
    this.lifetime.assertAllowed(seconds);
    this.assertWritable('set idleTimeoutInSeconds');
    this.lifetime.requestedIdle = seconds * 1000;
  }

  /** Whether this session's cookie outlives the browser window, whatever the option `cookie.persistent` says. */
  get persistentCookie(): boolean {
    return isPersistent(this.attributes);
  }

  set persistentCookie(persistent: boolean) {
    this.assertWritable('set session.cookie');
    setPersistent(this.attributes, persistent);
    this.cookieChanged = true;
  }

  get defaultIdleTimeoutInSeconds(): number {
    return this.lifetime.defaultIdleTimeoutInSeconds;
  }

  get cookieAttributes(): CookieAttributes {
    return cookieAttributesOf(this.policy.cookie, this.transport?.secure ?? false);
  }

  setAttribute(name: string, value: unknown): void {
    this.assertWritable(`set session.${name}`);
    if (name.startsWith(':'))
      throw badName(name, 'names that begin with ":" hold the session\'s own metadata');
    if (LONE_SURROGATE.test(name))
      throw badName(name, 'it contains half a character, which UTF-8 cannot encode');
    this.attributes.set(name, value);
  }

  /** The attributes of a record of another library, as the schema wants them. @throws SessionSchemaError if it refuses them */
  shaped(data: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    const { shape } = this.policy;
    if (shape === undefined) return data;
    const own = Object.fromEntries(Object.entries(data).filter(([name]) => shape.isAttribute(name)));
    return shape.replacementOf(own, 0) ?? own;
  }

  assertWritable(attempt: string): void {
    if (this.status === 'ended') throw new SessionGoneError(this.id);
    if (this.readOnly) throw new SessionReadOnlyError(attempt);
  }

  /** @throws SessionAnswerSentError if the client can no longer be given a credential */
  assertCanSend(attempt: string): void {
    if (this.answerSent) throw new SessionAnswerSentError(attempt);
  }

  /** Sets whether handlers may write. A read-only route also freezes what they read. */
  setReadOnly(readOnly: boolean): void {
    if (this.readOnly === readOnly) return;
    this.readOnly = readOnly;
    if (readOnly) this.attributes.freeze();
    else this.attributes.thaw();
  }

  /** The session as the store has it, without what this request changed. */
  asStored(): SessionCore {
    const { id, createdAt, identity, lifetime } = this;
    const record = {
      id,
      secretHash: identity.secretHash,
      createdAt,
      idleTimeoutInMilliseconds: lifetime.storedIdle,
      expiresAt: lifetime.expiresAt,
      attributes: this.attributes.stored(),
      schemaVersion: this.attributes.storedVersion,
    };
    return new SessionCore(record, this.policy, this.actions);
  }

  /** Runs one store operation of this session at a time, in the order of the calls. */
  enqueue<T>(operation: () => Promise<T>): Promise<T> {
    const run = this.#operations === undefined ? operation() : this.#operations.then(operation);
    const ended = (): void => {
      if (this.#operations === settled) this.#operations = undefined;
    };
    const settled: Promise<void> = run.then(ended, ended);
    this.#operations = settled;
    return run;
  }

  /** Resolves when every operation has ended, even if it failed; `undefined` if none is under way. */
  get underWay(): Promise<unknown> | undefined {
    return this.#operations;
  }

  /** Notes that the session is stored for the first time. */
  created(createdAt: number, idleTimeoutInMilliseconds: number | undefined, authenticated: boolean): void {
    this.status = 'stored';
    this.sentCreate = undefined;
    const authenticatedAt = authenticated ? createdAt : undefined;
    this.lifetime.adopt({ createdAt, idleTimeoutInMilliseconds, expiresAt: undefined, authenticatedAt });
    this.identity.forgetRequests();
  }

  /** Takes the record that the store has now, and keeps what this request changed (`rebase`) or forgets it (`reset`). */
  reloaded(record: SessionRecord, mode: 'rebase' | 'reset'): void {
    this.#adopt(record);
    this.attributes[mode](record.attributes, record.schemaVersion);
    if (mode === 'rebase') return;
    this.lifetime.requestedIdle = undefined;
    this.identity.forgetRequests();
  }

  /** Called by util.inspect for the session object, which is `this` then. */
  [inspect.custom](depth: number | null, options: InspectOptions, inspector: typeof inspect): string {
    const session = this instanceof SessionCore ? (this.session ?? {}) : this;
    return inspectSession(session, depth, options, inspector);
  }

  #adopt(record: SessionRecord): void {
    this.identity.adopt(record.id, record.secretHash);
    this.lifetime.adopt(record);
    this.indexed = record.indexed;
    this.device = record.device;
  }
}

// A surrogate without its other half.
const LONE_SURROGATE = /\p{Surrogate}/u;

function badName(name: string, why: string): SessionDataError {
  return new SessionDataError(`"${name}" cannot name a session attribute: ${why}.`, name);
}
