import { isSessionId } from '../session/session-credential.js';

/**
 * The Redis keys of one application. All keys of a session share the hash tag `{<applicationName>_<id>}`, and so one hash
 * slot, so that scripts work in a cluster. All ids have the same length, so the keys of the applications "shop" and
 * "shop_admin" never collide.
 */
export class SessionKeys {
  readonly #open: string;

  constructor(applicationName: string) {
    this.#open = `{${keyPart('applicationName', applicationName)}_`;
  }

  /** Hash: one field per attribute, and metadata in fields whose names start with ":". */
  data(id: string): string {
    return `${this.#open}${sessionId(id)}}_Data`;
  }

  /** String: the random token of the lock's holder, then those of its waiters. The TTL is the lease. */
  writeLock(id: string): string {
    return `${this.#open}${sessionId(id)}}_Write_Lock`;
  }

  /** String: marks a write as done, so that a late copy of it has no effect. */
  receipt(id: string, write: string): string {
    return `${this.#open}${sessionId(id)}}_Saved_${write}`;
  }

  /** String: when a session of express-session was migrated. Outlives the new session. */
  migrated(id: string): string {
    return `${this.#open}${sessionId(id)}}_Migrated`;
  }

  /** Channel: notifies the waiters of one process. */
  turns(process: string): string {
    return `${this.#open}${keyPart('process', process)}}_Turns`;
  }
}

// The message does not show the id: a caller may have passed a credential.
function sessionId(id: string): string {
  if (!isSessionId(id))
    throw new RangeError('The session id is not valid: expected 22 characters of base64url.');
  return id;
}

const UNSAFE_IN_A_KEY = /[{}\r\n]/;

// A brace would change the hash tag: the session would move to another hash slot or to another application's key.
function keyPart(what: string, value: string): string {
  if (UNSAFE_IN_A_KEY.test(value)) {
    throw new RangeError(`The ${what} must not contain a brace or a line break: it is part of a Redis key.`);
  }
  return value;
}
