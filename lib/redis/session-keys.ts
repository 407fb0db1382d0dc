import { isSessionId } from '../session/session-credential.js';
import type { IndexKey } from '../session/session-index.js';

const ID_LENGTH = 22;

/** In how many sorted sets the sessions that may expire are noted, so that a cluster spreads them. */
export const EXPIRY_SHARDS = 8;

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

  /** Sorted set: the ids of the sessions that may have one value of an index. */
  sessions({ index, value }: IndexKey): string {
    const suffix = index === 'user' ? '' : `_By_${index}`;
    return `${this.#open}${escaped(value)}}_Sessions${suffix}`;
  }

  /** String: marks that requests which began earlier must not give a session this value. */
  refused(key: IndexKey): string {
    return `${this.sessions(key)}_Refused`;
  }

  /** String: the lock under which the sessions of one value are counted. As `writeLock`. */
  limitLock(key: IndexKey): string {
    return `${this.sessions(key)}_Limit_Lock`;
  }

  /** Sorted set: the ids of the sessions of one shard, scored by when they may have expired. */
  expiriesOf(shard: number): string {
    return `${this.#open}${shard}}_Expiries`;
  }

  /** As `expiriesOf`, of the shard of this session. */
  expiries(id: string): string {
    return this.expiriesOf(sessionId(id).charCodeAt(0) % EXPIRY_SHARDS);
  }

  /** Hash: attributes of a session that are still known when it has expired. */
  kept(id: string): string {
    return `${this.#open}${sessionId(id)}}_Kept`;
  }

  /** A pattern for SCAN: the data of all sessions. */
  allData(prefix = ''): string {
    const open = `${prefix}${this.#open}`.replaceAll(/[\\*?[\]]/g, '\\$&');
    return `${open}${'?'.repeat(ID_LENGTH)}}_Data`;
  }

  /** The session id in the key of its data. */
  idIn(data: string): string {
    return data.slice(-ID_LENGTH - '}_Data'.length, -'}_Data'.length);
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

// Values have any length, so they contain no "_": without this, user "admin_42" of the application "shop" would have the key of
// user "42" of "shop_admin".
function escaped(value: string): string {
  return value.replaceAll(
    /[%_{}\p{Cc}]/gu,
    (character) => `%${character.charCodeAt(0).toString(16).padStart(2, '0').toUpperCase()}`,
  );
}

const UNSAFE_IN_A_KEY = /[{}\r\n]/;

// A brace would change the hash tag: the session would move to another hash slot or to another application's key.
function keyPart(what: string, value: string): string {
  if (UNSAFE_IN_A_KEY.test(value)) {
    throw new RangeError(`The ${what} must not contain a brace or a line break: it is part of a Redis key.`);
  }
  return value;
}
