import { createPublicKey, hash, type KeyObject, verify } from 'node:crypto';

/** The algorithms of RFC 7518 in which a browser may sign. */
export const ALGORITHMS = ['ES256', 'RS256'] as const;
export type Algorithm = (typeof ALGORITHMS)[number];

type Jwk = Readonly<Record<string, unknown>>;

const PRIVATE_PARTS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const EC_COORDINATE_BYTES = 32;
// NIST SP 800-131A asks for at least 2048. The upper limit bounds the work of one signature.
const [LEAST_RSA_BYTES, MOST_RSA_BYTES] = [2048 / 8, 4096 / 8];
// 65537, the exponent of every key that a TPM makes.
const RSA_EXPONENT = 'AQAB';

/** The public key of a device. */
export class DeviceKey {
  private constructor(
    readonly algorithm: Algorithm,
    /** `x` and `y` of a P-256 key, `n` and `e` of an RSA key; base64url. */
    readonly parts: readonly [string, string],
    private readonly key: KeyObject,
  ) {}

  /** @returns `undefined` unless it is a public key of the algorithm, on the curve P-256 or of 2048 to 4096 bits */
  static fromJwk(algorithm: string, jwk: unknown): DeviceKey | undefined {
    if (typeof jwk !== 'object' || jwk === null) return undefined;
    const given = jwk as Jwk;
    if (PRIVATE_PARTS.some((part) => part in given)) return undefined;
    if (algorithm === 'ES256' && given['kty'] === 'EC' && given['crv'] === 'P-256')
      return DeviceKey.fromParts('ES256', given['x'], given['y']);
    if (algorithm === 'RS256' && given['kty'] === 'RSA')
      return DeviceKey.fromParts('RS256', given['n'], given['e']);
    return undefined;
  }

  /** @returns `undefined` unless they are the parts of such a key */
  static fromParts(algorithm: string, first: unknown, second: unknown): DeviceKey | undefined {
    if (typeof first !== 'string' || typeof second !== 'string') return undefined;
    const isKnown = algorithm === 'ES256' || algorithm === 'RS256';
    if (!isKnown || !(algorithm === 'ES256' ? isPoint(first, second) : isModulus(first, second)))
      return undefined;
    try {
      // OpenSSL refuses a point that is not on the curve.
      const jwk = jwkOf(algorithm, first, second);
      return new DeviceKey(algorithm, [first, second], createPublicKey({ key: jwk, format: 'jwk' }));
    } catch {
      return undefined;
    }
  }

  /** RFC 7638: SHA-256 of the required members in alphabetical order. */
  get thumbprint(): string {
    return hash('sha256', JSON.stringify(jwkOf(this.algorithm, ...this.parts)), 'base64url');
  }

  /** Whether the key has signed the text. JOSE's form of an ECDSA signature is r and s, 32 bytes each (RFC 7518, 3.4). */
  hasSigned(text: string, signature: Uint8Array): boolean {
    const key = this.algorithm === 'ES256' ? { key: this.key, dsaEncoding: 'ieee-p1363' as const } : this.key;
    try {
      return verify('sha256', Buffer.from(text), key, signature);
    } catch {
      return false;
    }
  }
}

function jwkOf(algorithm: Algorithm, first: string, second: string): Record<string, string> {
  return algorithm === 'ES256'
    ? { crv: 'P-256', kty: 'EC', x: first, y: second }
    : { e: second, kty: 'RSA', n: first };
}

function isPoint(x: string, y: string): boolean {
  return [x, y].every((part) => bytesOf(part)?.length === EC_COORDINATE_BYTES);
}

function isModulus(n: string, e: string): boolean {
  const bytes = bytesOf(n);
  if (bytes === undefined || e !== RSA_EXPONENT || bytes.length > MOST_RSA_BYTES) return false;
  // The highest bit, so that the length counts bits too.
  return bytes.length >= LEAST_RSA_BYTES && bytes[0]! >= 0x80;
}

/** Decodes base64url. @returns `undefined` unless encoding it again gives the same text: a key has one thumbprint */
function bytesOf(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64url');
  return bytes.toString('base64url') === text ? bytes : undefined;
}
