import { now } from './clock.js';
import type { SessionAttributes } from './session-attributes.js';
import type { SessionPolicy } from './session-policy.js';
import type { AuthenticationChange, SessionRecord } from './session-store.js';

/** When one session began and when it ends. */
export class SessionLifetime {
  /** When the session ends even if it is in use, in milliseconds since the epoch by the store's clock. */
  expiresAt: number | undefined;
  /** The session's own idle timeout as the store has it, in milliseconds. */
  storedIdle: number | undefined;
  /** An own idle timeout that the request has set, in milliseconds. */
  requestedIdle: number | undefined;
  /** When the session's user last authenticated, in milliseconds since the epoch. */
  authenticatedAt: number | undefined;
  #createdAt: number | undefined;
  #restartedAt: number | undefined;
  // When the idle timeout was restarted, and otherwise when it ends; milliseconds by the clock of this process.
  #touchedAt: number | undefined;
  #idleEndsAt: number | undefined;

  constructor(private readonly policy: SessionPolicy) {}

  /** Milliseconds since the epoch, by the store's clock once the session is stored. */
  get createdAt(): number {
    return (this.#createdAt ??= now());
  }

  get idleTimeoutInSeconds(): number {
    const own = this.ownIdle;
    return own === undefined ? this.defaultIdleTimeoutInSeconds : own / 1000;
  }

  /** When the session ends unless it is used again, in milliseconds since the epoch. */
  get endsAt(): number {
    const { absoluteTimeoutInSeconds: most = Infinity } = this.policy;
    const idle = (this.#touchedAt ?? now()) + this.idleTimeoutInSeconds * 1000;
    const idleEnd = this.#idleEndsAt ?? idle;
    const began = this.#restartedAt ?? this.createdAt;
    return Math.min(idleEnd, this.expiresAt ?? Infinity, began + most * 1000);
  }

  /** Notes that the idle timeout starts again now. */
  touched(): void {
    this.#touchedAt = now();
    this.#idleEndsAt = undefined;
  }

  /** Notes how long the session still lives. It was read without a touch. */
  endsIn(milliseconds: number | undefined): void {
    this.#idleEndsAt = milliseconds === undefined ? undefined : now() + milliseconds;
  }

  /** Notes what a write has stored. @param at before it was sent, by the clock of this process */
  authenticated(change: AuthenticationChange, at: number): void {
    this.authenticatedAt = change === 'ended' ? undefined : at;
    if (change !== 'renewed') return;
    const { absoluteTimeoutInSeconds: most } = this.policy;
    this.#restartedAt = at;
    this.expiresAt = most === undefined ? undefined : at + most * 1000;
  }

  /** Milliseconds; `undefined` if the application's idle timeout applies. */
  get ownIdle(): number | undefined {
    return this.requestedIdle ?? this.storedIdle;
  }

  /** An own idle timeout that is not stored yet. */
  get idleChange(): number | undefined {
    return this.requestedIdle === this.storedIdle ? undefined : this.requestedIdle;
  }

  get defaultIdleTimeoutInSeconds(): number {
    return this.policy.idleTimeoutInSeconds;
  }

  get longestIdleTimeoutInSeconds(): number {
    const { maxIdleTimeoutInSeconds, absoluteTimeoutInSeconds = Infinity } = this.policy;
    return Math.min(maxIdleTimeoutInSeconds, absoluteTimeoutInSeconds);
  }

  /** @throws RangeError for what is neither whole seconds in the allowed range nor the application's idle timeout */
  assertAllowed(seconds: number): void {
    const { longestIdleTimeoutInSeconds: longest } = this;
    // Attributes often come from a request body: `Object.assign(session, body)` must not make a session immortal.
    if (Number.isInteger(seconds) && seconds >= 1 && seconds <= longest) return;
    if (seconds === this.defaultIdleTimeoutInSeconds) return;
    throw new RangeError(
      `session.idleTimeoutInSeconds takes whole seconds from 1 to ${longest} (the lower of the options maxIdleTimeoutInSeconds and absoluteTimeoutInSeconds). Call session.destroy() to end a session now.`,
    );
  }

  adopt(record: Times): void {
    this.#createdAt = record.createdAt;
    this.storedIdle = record.idleTimeoutInMilliseconds;
    this.expiresAt = record.expiresAt;
    this.authenticatedAt = record.authenticatedAt;
    this.#restartedAt = record.restartedAt;
  }
}

type Times = Pick<
  SessionRecord,
  'createdAt' | 'idleTimeoutInMilliseconds' | 'expiresAt' | 'authenticatedAt' | 'restartedAt'
>;

// No application can use this name for an attribute; express-session uses it in its records.
const MARK = 'cookie';
const PERSISTENT = 'persistent';

/** Whether a session is marked to have a cookie that outlives the browser window. */
export function isPersistent(attributes: SessionAttributes): boolean {
  try {
    return attributes.get(MARK) === PERSISTENT;
  } catch {
    return false;
  }
}

/** Sets or removes this mark. */
export function setPersistent(attributes: SessionAttributes, persistent: boolean): void {
  attributes.set(MARK, persistent ? PERSISTENT : undefined);
}
