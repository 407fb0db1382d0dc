import { ALGORITHMS, type Algorithm, type DeviceKey } from './device-key.js';

// A proof of a key of 4096 bits has less than 2500 characters.
const MOST_CHARACTERS = 4096;
// Chromium 156 writes no quotes around the proof.
const STRING_ITEM = /^(?:"([\w.-]+)"|([\w.-]+))\s*(?:;.*)?$/;

type Json = Readonly<Record<string, unknown>>;

/** The string of a structured header field (RFC 9651, 3.3.3). @returns `undefined` unless it is one of plain characters */
export function stringItem(header: string | string[] | undefined): string | undefined {
  if (typeof header !== 'string' || header.length > MOST_CHARACTERS) return undefined;
  const [, quoted, plain] = STRING_ITEM.exec(header.trim()) ?? [];
  return quoted ?? plain;
}

/** A signed statement of a browser: the draft's DBSC proof. Nothing in it is true before `isSignedBy` says so. */
export class Proof {
  private constructor(
    readonly algorithm: Algorithm,
    /** The public key that a browser registers. */
    readonly jwk: unknown,
    readonly challenge: string,
    /** The URL that the proof is for; `undefined` if it names none. */
    readonly audience: unknown,
    private readonly signed: string,
    private readonly signature: Buffer,
  ) {}

  /** @returns `undefined` for anything but a JWT of this type, in an allowed algorithm */
  static parse(header: string | string[] | undefined): Proof | undefined {
    const parts = stringItem(header)?.split('.');
    if (parts?.length !== 3) return undefined;
    const [head, payload] = parts.slice(0, 2).map(jsonOf);
    if (head?.['typ'] !== 'dbsc+jwt' || 'crit' in head || payload === undefined) return undefined;
    const algorithm = ALGORITHMS.find((one) => one === head['alg']);
    const { jti, aud } = payload;
    if (algorithm === undefined || typeof jti !== 'string') return undefined;
    const signature = Buffer.from(parts[2]!, 'base64url');
    return new Proof(algorithm, head['jwk'], jti, aud, `${parts[0]}.${parts[1]}`, signature);
  }

  /** Whether the holder of the key has made it. The key says which algorithm counts, not the proof. */
  isSignedBy(key: DeviceKey): boolean {
    return key.algorithm === this.algorithm && key.hasSigned(this.signed, this.signature);
  }

  /** Whether it is for one of these hosts. The draft names no audience; a proof that names one must name the right one. */
  isFor(hosts: readonly string[]): boolean {
    if (this.audience === undefined) return true;
    if (typeof this.audience !== 'string' || !URL.canParse(this.audience)) return false;
    return hosts.includes(new URL(this.audience).host);
  }
}

function jsonOf(part: string): Json | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString()) as unknown;
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined;
  } catch {
    return undefined;
  }
}
