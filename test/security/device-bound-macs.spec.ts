import { createHmac, randomBytes } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { BoundCookie } from '../../lib/dbsc/bound-cookie.js';
import { DeviceKey } from '../../lib/dbsc/device-key.js';
import { Hmac } from '../../lib/dbsc/hmac.js';
import { MacKeys } from '../../lib/dbsc/mac-keys.js';

const letters = (count: number) => randomBytes(count).toString('base64url').slice(0, count);
const [one, two] = [randomBytes(32), randomBytes(32)];

describe('what signs bound cookies and challenges', () => {
  it.each([0, 1, 55, 56, 63, 64, 77, 255, 256])('is the HMAC of node:crypto, for %i characters', (count) => {
    for (const length of [1, 32, 64]) {
      const [key, text] = [randomBytes(length), letters(count)];
      const hmac = new Hmac(key);
      hmac.of(letters(256));
      expect(hmac.of(text)).toBe(createHmac('sha256', key).update(text).digest('base64url'));
    }
  });

  it('refuses a text that it would not sign to its end', () => {
    expect(() => new Hmac(one).of(letters(257))).toThrow(RangeError);
    expect(() => new Hmac(randomBytes(65))).toThrow(RangeError);
  });

  it('signs with the first key, verifies with all, and separates purposes', () => {
    const [keyId, mac] = new MacKeys([one], 'cookies').sign('text').split('.') as [string, string];
    expect(new MacKeys([two, one], 'cookies').verify('text', keyId, mac)).toBe(true);
    expect(new MacKeys([one], 'cookies').verify('texts', keyId, mac)).toBe(false);
    expect(new MacKeys([two], 'cookies').verify('text', keyId, mac)).toBe(false);
    expect(new MacKeys([one], 'challenges').verify('text', keyId, mac)).toBe(false);
    expect(new MacKeys([one], 'cookies').verify('text', keyId, '')).toBe(false);
  });

  it('makes another cookie for another session, key, time and kind', () => {
    const attributes = {
      path: '/',
      secure: true,
      httpOnly: true,
      sameSite: 'lax',
      partitioned: false,
    } as const;
    const cookie = new BoundCookie('device', attributes, new MacKeys([one], 'cookies'));
    const [id, thumbprint] = [letters(22), letters(43)];
    const value = (thumb: string) => cookie.issue(id, thumb, 60).split(';')[0]!;
    const proof = (header: string, session = id, thumb = thumbprint) =>
      cookie.proofIn(header, session, thumb);
    expect(proof(value(thumbprint))).toBe('device');
    expect(proof(value(''))).toBe('login');
    expect(proof(value(thumbprint), letters(22))).toBeUndefined();
    expect(proof(value(thumbprint), id, letters(43))).toBeUndefined();
    expect(proof(value(thumbprint), id, '')).toBeUndefined();
    expect(proof(value('').replace('=l', '=d'), id, '')).toBeUndefined();
    expect(proof(value(thumbprint).replace('=d', '=l'))).toBeUndefined();
    const at = value(thumbprint);
    expect(
      proof(at.replace(/=d(.)/, (_, digit: string) => `=d${digit === 'z' ? 'y' : 'z'}`)),
    ).toBeUndefined();
  });
});

describe('the thumbprint of a key', () => {
  it('is that of RFC 7638', () => {
    // The example of RFC 7638, 3.1.
    const n =
      '0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw';
    const key = DeviceKey.fromJwk('RS256', { kty: 'RSA', n, e: 'AQAB', alg: 'RS256', kid: '2011-04-29' });
    expect(key?.thumbprint).toBe('NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs');
  });
});
