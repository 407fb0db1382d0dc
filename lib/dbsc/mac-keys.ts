import { hash, hkdfSync, timingSafeEqual } from 'node:crypto';
import { Hmac } from './hmac.js';

const KEY_ID_LENGTH = 4;

interface MacKey {
  readonly id: string;
  readonly key: Hmac;
}

/** HMAC-SHA-256 under keys that rotate: the first one signs, and all of them verify. */
export class MacKeys {
  readonly #first: MacKey;
  readonly #all: ReadonlyMap<string, Hmac>;

  /** @param purpose what is signed: the same keys sign nothing else by it */
  constructor(secrets: readonly Uint8Array[], purpose: string) {
    const keys = secrets.map((secret) => derive(secret, purpose));
    this.#first = keys[0]!;
    // The first of two keys with one id wins.
    this.#all = new Map(keys.toReversed().map(({ id, key }) => [id, key]));
  }

  /** @returns the id of the key and the MAC, with a dot between them */
  sign(text: string): string {
    const { id, key } = this.#first;
    return `${id}.${key.of(text)}`;
  }

  /** Whether a key of this id has signed the text, in constant time. */
  verify(text: string, keyId: string, mac: string): boolean {
    const key = this.#all.get(keyId);
    if (key === undefined) return false;
    const expected = Buffer.from(key.of(text));
    const given = Buffer.from(mac);
    return expected.length === given.length && timingSafeEqual(expected, given);
  }
}

function derive(secret: Uint8Array, purpose: string): MacKey {
  const key = Buffer.from(hkdfSync('sha256', secret, '', `nestjs-redis-session dbsc ${purpose}`, 32));
  const id = hash('sha256', key, 'base64url').slice(0, KEY_ID_LENGTH);
  return { id, key: new Hmac(key) };
}
