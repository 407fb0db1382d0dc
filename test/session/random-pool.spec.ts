import { describe, expect, it, jest } from '@jest/globals';
import * as crypto from 'node:crypto';

const pools: Buffer[] = [];

jest.unstable_mockModule('node:crypto', () => ({
  ...crypto,
  randomFillSync: (buffer: Buffer) => {
    if (!pools.includes(buffer)) pools.push(buffer);
    return crypto.randomFillSync(buffer);
  },
}));
const { newLockToken, newSecret, newSessionId } = await import('../../lib/session/session-credential.js');

describe('the pool of random bytes', () => {
  it('erases the bytes that were drawn from it, so that a memory dump shows no secret', () => {
    // More than the pool holds, so that it is refilled in between.
    for (let i = 0; i < 300; i++) {
      for (const text of [newSecret(), newSessionId(), newLockToken()]) {
        const drawn = Buffer.from(text, 'base64url');
        expect(drawn.equals(Buffer.alloc(drawn.length))).toBe(false);
        expect(pools.map((pool) => pool.includes(drawn))).toEqual([false]);
      }
    }
  });
});
