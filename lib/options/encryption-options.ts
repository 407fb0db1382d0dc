import { KEY_BYTES, type EncryptionKeys } from '../session/attribute-cipher.js';
import { Expect, Flag, hasMethods } from './expectations.js';

/** How attributes are encrypted in the store. */
export class EncryptionOptions {
  /**
   * The keys: 32 random bytes each, in base64 (`openssl rand -base64 32`) or as a Buffer. The first one encrypts, and the
   * others still decrypt. Or an object that provides the keys of a key service. Add a new key at the end first, so that
   * every process can read what it encrypts; then move it to the front.
   * @example [process.env.SESSION_KEY!, process.env.OLD_SESSION_KEY!]
   */
  @Expect(
    'at least one key of 32 random bytes, in base64 or as a Buffer, or an object with current and get()',
    (value) => isKeyService(value) || keysOf(value) !== undefined,
  )
  readonly keys!: readonly (string | Uint8Array)[] | EncryptionKeys;

  /**
   * Reads attributes that are not encrypted, of sessions that began before `encryption` was set. Whoever can write to Redis
   * can then write attributes of their own: remove it when those sessions have ended.
   * @default false
   */
  @Flag()
  readonly acceptPlainText: boolean = false;
}

/** Decodes a list of keys. @returns `undefined` if it is not one */
export function keysOf(value: unknown): Uint8Array[] | undefined {
  if (!Array.isArray(value) || value.length === 0) return undefined;
  const keys = value.map((key) => (typeof key === 'string' ? decoded(key) : (key as unknown)));
  return keys.every(isKey) ? keys : undefined;
}

function isKey(key: unknown): key is Uint8Array {
  return key instanceof Uint8Array && key.length === KEY_BYTES;
}

function decoded(text: string): Uint8Array | undefined {
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}

function isKeyService(value: unknown): boolean {
  return hasMethods(value, ['get']) && typeof (value as EncryptionKeys).current === 'string';
}
