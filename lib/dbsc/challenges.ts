import type { MacKeys } from './mac-keys.js';

const CHALLENGE = /^(\w{8,9})\.([\w-]{4})\.([\w-]{43})$/;

/**
 * Challenges that nobody stores: a MAC over the session, the number of proofs that it has accepted, and an expiry. The next
 * accepted proof changes the number, so that a challenge is used once.
 */
export class Challenges {
  constructor(
    private readonly keys: MacKeys,
    private readonly seconds: number,
  ) {}

  /** @param accepted how many proofs of the session were accepted; 0 before its key is registered */
  issue(id: string, accepted: number): string {
    const expiresAt = (Date.now() + this.seconds * 1000).toString(36);
    return `${expiresAt}.${this.keys.sign(signed(expiresAt, id, accepted))}`;
  }

  /** Whether a challenge was issued for this session and number, and its time is not over. */
  isOpen(challenge: string, id: string, accepted: number): boolean {
    const [, expiresAt, keyId, mac] = CHALLENGE.exec(challenge) ?? [];
    if (expiresAt === undefined || Date.now() >= Number.parseInt(expiresAt, 36)) return false;
    return this.keys.verify(signed(expiresAt, id, accepted), keyId!, mac!);
  }
}

// No part contains a dot.
function signed(expiresAt: string, id: string, accepted: number): string {
  return `${expiresAt}.${id}.${accepted}`;
}
