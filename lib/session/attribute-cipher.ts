import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';
import { SessionDataError } from './session.errors.js';

/**
 * Keys of 32 random bytes by their ids, for keys that a key service provides.
 *
 * @example
 * ```ts
 * class VaultKeys implements EncryptionKeys {
 *   current = '';
 *   #keys = new Map<string, Uint8Array>();
 *   async open() { … } // fetch the keys
 *   get(id: string) { return this.#keys.get(id); }
 * }
 * ```
 */
export interface EncryptionKeys {
  /** Fetches the keys. Awaited before the application starts. If it rejects, the application does not start. */
  open?(): Promise<void>;
  /** The id of the key that encrypts: 1 to 64 letters, digits, `-` and `_`. It stands in Redis with each value. */
  readonly current: string;
  /** Returns a key. @returns `undefined` if there is no such key: the attribute cannot be read then */
  get(id: string): Uint8Array | undefined;
}

/** Bytes of a key (AES-256). */
export const KEY_BYTES = 32;

const ALGORITHM = 'aes-256-gcm';
const PREFIX = 'enc1.';
const SEALED = /^enc1\.([\w-]{1,64})\.([\w-]+)$/;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Whether a stored text is encrypted. */
export function isSealed(stored: string): boolean {
  return SEALED.test(stored);
}

/** Keys in memory; the first one encrypts. The id of a key is a part of its hash. */
export function keysInMemory(keys: readonly Uint8Array[]): EncryptionKeys {
  const byId = new Map(keys.map((key) => [idOf(key), key]));
  return { current: idOf(keys[0]!), get: (id) => byId.get(id) };
}

/**
 * Encrypts the texts of attributes with AES-256-GCM. The application, the session and the attribute are authenticated with
 * each text, so a text that is copied to another place cannot be read there.
 */
export class AttributeCipher {
  constructor(
    private readonly keys: EncryptionKeys,
    private readonly applicationName: string,
    /** Whether texts that are not encrypted are read. */
    private readonly acceptPlainText = false,
  ) {}

  /** @throws SessionDataError if the key service has no current key */
  seal(text: string, id: string, attribute: string): string {
    const keyId = this.keys.current;
    const key = this.keys.get(keyId);
    if (key === undefined || key.length !== KEY_BYTES || !/^[\w-]{1,64}$/.test(keyId))
      throw new SessionDataError(
        `The session attribute "${attribute}" cannot be encrypted; nothing was written. The current key of encryption.keys is missing, has no valid id or is not ${KEY_BYTES} bytes long.`,
        attribute,
      );
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv);
    cipher.setAAD(this.#place(id, attribute));
    const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `${PREFIX}${keyId}.${sealed.toString('base64url')}`;
  }

  /** @throws SessionDataError that names the attribute, if the text was not encrypted for this place with a known key */
  open(stored: string, id: string, attribute: string): string {
    const [, keyId, payload] = SEALED.exec(stored) ?? [];
    if (keyId === undefined || payload === undefined) {
      if (this.acceptPlainText) return stored;
      throw undecipherable(
        attribute,
        'it is not encrypted. It was stored before encryption was set, or by other software: set encryption.acceptPlainText while such sessions live',
      );
    }
    const key = this.keys.get(keyId);
    if (key === undefined)
      throw undecipherable(attribute, `encryption.keys has no key with the id ${keyId}: add the older key`);
    try {
      const sealed = Buffer.from(payload, 'base64url');
      const decipher = createDecipheriv(ALGORITHM, key, sealed.subarray(0, IV_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(this.#place(id, attribute));
      decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
      const text = decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES), undefined, 'utf8');
      return text + decipher.final('utf8');
    } catch {
      throw undecipherable(
        attribute,
        'it was changed, or copied from another session, attribute or application',
      );
    }
  }

  #place(id: string, attribute: string): Buffer {
    return Buffer.from(JSON.stringify([this.applicationName, id, attribute]));
  }
}

function idOf(key: Uint8Array): string {
  return createHash('sha256').update(key).digest('base64url').slice(0, 8);
}

function undecipherable(attribute: string, why: string): SessionDataError {
  return new SessionDataError(
    `The stored session attribute "${attribute}" cannot be decrypted: ${why}. To go on without it, remove it, or set unreadableAttribute to "drop".`,
    attribute,
  );
}
