import type { MacKeys } from './mac-keys.js';

const CHALLENGE = /^([\da-z]{8,9})\.([\w-]{22})\.([\w-]{4})\.([\w-]{43})$/;

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
    return `${expiresAt}.${id}.${this.keys.sign(signed(expiresAt, id, accepted))}`;
  }

  /** @returns the id of the session for which a challenge was issued with this number; `undefined` if its time is over */
  sessionOf(challenge: string, accepted: number): string | undefined {
    const [, expiresAt, id, keyId, mac] = CHALLENGE.exec(challenge) ?? [];
    if (expiresAt === undefined || Date.now() >= Number.parseInt(expiresAt, 36)) return undefined;
    return this.keys.verify(signed(expiresAt, id!, accepted), keyId!, mac!) ? id : undefined;
  }
}

// No part contains a dot.
function signed(expiresAt: string, id: string, accepted: number): string {
  return `${expiresAt}.${id}.${accepted}`;
}
