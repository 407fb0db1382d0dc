import { hash, randomFillSync, timingSafeEqual } from 'node:crypto';

/**
 * What the client sends as `<id>.<secret>`. The id names the record and is safe to log; the secret proves that the session
 * was given to this client.
 */
export interface SessionCredential {
  /** 128 random bits, base64url: 22 characters. */
  readonly id: string;
  /** 256 random bits, base64url: 43 characters. OWASP ASVS 5.0 V7.2.3 asks for at least 128. */
  readonly secret: string;
}

const ID_BYTES = 16;
const SECRET_BYTES = 32;
const ID = /^[A-Za-z0-9_-]{22}$/;
const CREDENTIAL = /^[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}$/;
const CREDENTIAL_LENGTH = 66;
const ID_LENGTH = 22;

// One call of the kernel's generator serves many sessions. One call for each costs more than the rest of a new session.
const pool = Buffer.alloc(16 * 1024);
let used = pool.length;

function randomText(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const text = pool.toString('base64url', used, used + bytes);
  // A core dump or a buffer over-read must not show secrets in use.
  pool.fill(0, used, used + bytes);
  used += bytes;
  return text;
}

/** Draws the id of a new session. */
export function newSessionId(): string {
  return randomText(ID_BYTES);
}

/** Whether `id` has the form of a session's id: 22 characters of base64url. */
export function isSessionId(id: unknown): id is string {
  return typeof id === 'string' && ID.test(id);
}

/** Draws the token of one holder of a lock: 128 random bits. */
export function newLockToken(): string {
  return randomText(ID_BYTES);
}

/** Draws the id of one write: 128 random bits. */
export function newWriteId(): string {
  return randomText(ID_BYTES);
}

/** Draws a secret. */
export function newSecret(): string {
  return randomText(SECRET_BYTES);
}

/** The credential as the cookie or the header carries it. */
export function formatCredential(id: string, secret: string): string {
  return `${id}.${secret}`;
}

/** @returns `undefined` for anything that does not have the form of a credential */
export function parseCredential(text: string): SessionCredential | undefined {
  if (text.length !== CREDENTIAL_LENGTH || !CREDENTIAL.test(text)) return undefined;
  return { id: text.slice(0, ID_LENGTH), secret: text.slice(ID_LENGTH + 1) };
}

/** SHA-256 of a secret, base64url. The store sees only this. It is enough for 256 random bits, but not for a password. */
export function hashSecret(secret: string): string {
  return hash('sha256', secret, 'base64url');
}

/** Whether `secretHash` is the hash of `secret`, in constant time. */
export function secretMatches(secret: string, secretHash: string): boolean {
  const given = Buffer.from(hashSecret(secret));
  const stored = Buffer.from(secretHash);
  return given.length === stored.length && timingSafeEqual(given, stored);
}

/** A secret that was drawn for a session. */
export interface DrawnSecret {
  readonly secret: string;
  readonly secretHash: string;
}

/** Draws the secret of a new or rotated session, and hashes it. */
export function drawSecret(): DrawnSecret {
  const secret = newSecret();
  return { secret, secretHash: hashSecret(secret) };
}

/** The id of one session, its secret, and the credential that its client needs. */
export class SessionIdentity {
  /**
   * A secret that the client does not have yet. After a create or rotation whose answer was lost, the one that opens the
   * session if the store has carried out the write.
   */
  newSecret: DrawnSecret | undefined;
  /** `rotate()` was called: the next save replaces the secret. */
  rotateRequested = false;
  /** `rotate({ authenticated: true })` was called: the next save notes the time and restarts both timeouts. */
  authenticateRequested = false;
  /** A rotation whose answer was lost. It is sent again, with the same secret, before anything else is done. */
  sentRotation: DrawnSecret | undefined;
  #id: string | undefined;
  #secretHash: string | undefined;

  /** @param trusted The session was found by its id: its operations succeed even after another request has rotated it. */
  constructor(private readonly trusted: boolean) {}

  get id(): string {
    return (this.#id ??= newSessionId());
  }

  /** SHA-256 of the secret. A session without a secret draws one, and with it a credential for the client. */
  get secretHash(): string {
    if (this.#secretHash === undefined) this.drawn(drawSecret());
    return this.#secretHash!;
  }

  /** The credential that the client needs; `undefined` if it has it already. */
  get newCredential(): string | undefined {
    return this.newSecret && formatCredential(this.id, this.newSecret.secret);
  }

  /** The hash that the store must have for an operation of this session; `undefined` accepts any. */
  get expectedHash(): string | undefined {
    return this.trusted ? undefined : this.secretHash;
  }

  /** `expectedHash`, unless a rotation may have replaced it: `undefined` then. */
  get certainHash(): string | undefined {
    return this.sentRotation === undefined ? this.expectedHash : undefined;
  }

  /** Whether a rotation or an authentication is left to store. */
  get changeRequested(): boolean {
    return this.rotateRequested || this.authenticateRequested;
  }

  /** Takes the id and the secret's hash that the store has. */
  adopt(id: string, secretHash: string): void {
    this.#id = id;
    this.#secretHash = secretHash;
  }

  /** Takes a credential that the client has already, instead of drawing one. */
  assume({ id, secret }: SessionCredential): void {
    this.adopt(id, hashSecret(secret));
  }

  /** Takes a secret that the client must be given. */
  drawn(secret: DrawnSecret): void {
    this.#secretHash = secret.secretHash;
    this.newSecret = secret;
  }

  /** Asks the next save for a new secret. @param authenticated the user has just authenticated */
  requestRotation(authenticated: boolean): void {
    this.rotateRequested = true;
    // A second rotation of the request does not withdraw it.
    this.authenticateRequested ||= authenticated;
  }

  /** Withdraws what `requestRotation` asked for, or notes that it is stored. */
  forgetRequests(): void {
    this.rotateRequested = false;
    this.authenticateRequested = false;
  }

  /** The store has the new secret. */
  rotated(secret: DrawnSecret): void {
    this.sentRotation = undefined;
    this.rotateRequested = false;
    this.drawn(secret);
  }

  /** The store may have the new secret: the answer was lost. */
  mayBeRotated(secret: DrawnSecret): void {
    this.sentRotation = secret;
    this.newSecret = secret;
  }

  /** The store has refused the rotation whose answer was lost. */
  notRotated(): void {
    this.sentRotation = undefined;
    this.newSecret = undefined;
  }
}
