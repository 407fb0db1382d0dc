import { isSessionId } from '../session/session-credential.js';

/**
 * Names the keys of one application. All keys of one session have one hash tag, `{<applicationName>_<id>}`, so that a
 * script over them runs on a cluster. All ids are equally long, so no key of the application "shop" can be one of
 * "shop_admin".
 */
export class SessionKeys {
  readonly #open: string;

  constructor(applicationName: string) {
    this.#open = `{${keyPart('applicationName', applicationName)}_`;
  }

  /** Hash: one field per attribute, and the metadata in fields whose names begin with ":". */
  data(id: string): string {
    return `${this.#open}${sessionId(id)}}_Data`;
  }

  /** String: the random token of the lock's holder, then those of who waits for it; the lease is its expiry. */
  writeLock(id: string): string {
    return `${this.#open}${sessionId(id)}}_Write_Lock`;
  }

  /** String: there for a while after this write, so that a copy of it is not carried out. */
  receipt(id: string, write: string): string {
    return `${this.#open}${sessionId(id)}}_Saved_${write}`;
  }

  /** String: when the session began that took the place of one of express-session. Outlives that session. */
  migrated(id: string): string {
    return `${this.#open}${sessionId(id)}}_Migrated`;
  }

  /** Channel on which the requests of one process are told that it is their turn. */
  turns(process: string): string {
    return `${this.#open}${keyPart('process', process)}}_Turns`;
  }
}

// The id itself is not shown: somebody may have passed a credential for it.
function sessionId(id: string): string {
  if (!isSessionId(id))
    throw new RangeError('The session id is not one: expected 22 characters of base64url.');
  return id;
}

const OUTSIDE_OF_A_HASH_TAG = /[{}\r\n]/;

// A brace would move the hash tag, and with it the session to another application's key or another slot.
function keyPart(what: string, value: string): string {
  if (OUTSIDE_OF_A_HASH_TAG.test(value)) {
    throw new RangeError(`The ${what} cannot contain a brace or a line break: it is part of a Redis key.`);
  }
  return value;
}
