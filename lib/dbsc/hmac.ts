import { hash } from 'node:crypto';

const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;
const MOST_CHARACTERS = 256;

/**
 * HMAC-SHA-256 of short ASCII texts (RFC 2104). Two one-shot hashes cost two thirds of `createHmac`, and every request of a
 * bound session pays for one (bench/micro/device-bound.mjs).
 */
export class Hmac {
  readonly #inner = Buffer.alloc(BLOCK_BYTES + MOST_CHARACTERS, 0x36);
  readonly #outer = Buffer.alloc(BLOCK_BYTES + DIGEST_BYTES, 0x5c);

  /** @param key at most 64 bytes */
  constructor(key: Uint8Array) {
    if (key.length > BLOCK_BYTES) throw new RangeError(`An HMAC key has at most ${BLOCK_BYTES} bytes here.`);
    key.forEach((byte, n) => {
      this.#inner[n]! ^= byte;
      this.#outer[n]! ^= byte;
    });
  }

  /** @returns base64url */
  of(text: string): string {
    // What did not fit would not be signed.
    if (text.length > MOST_CHARACTERS)
      throw new RangeError(`A text has at most ${MOST_CHARACTERS} characters.`);
    const end = BLOCK_BYTES + this.#inner.write(text, BLOCK_BYTES, 'latin1');
    this.#outer.write(hash('sha256', this.#inner.subarray(0, end), 'binary'), BLOCK_BYTES, 'latin1');
    return hash('sha256', this.#outer, 'base64url');
  }
}
