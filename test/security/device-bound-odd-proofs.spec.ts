import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ALGORITHMS, DeviceKey } from '../../lib/dbsc/device-key.js';
import { DeviceRecord } from '../../lib/dbsc/device-record.js';
import { Proof, stringItem } from '../../lib/dbsc/proof.js';
import { jwkOf, newKeys, newRsaKeys, proofOf } from './device-browser.js';

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value) ?? '').toString('base64url');
const keys = { ES256: newKeys(), RS256: newRsaKeys(2048) };
const odd = fc.oneof(fc.json(), fc.jsonValue(), fc.string(), fc.constant('__proto__'));

describe('an odd proof of a device', () => {
  it('is refused, whatever its three parts hold, and never throws', () => {
    fc.assert(
      fc.property(odd, odd, fc.string(), (head, payload, signature) => {
        const header = { alg: 'ES256', typ: 'dbsc+jwt', ...(head as object) };
        const text = `${encoded(header)}.${encoded(payload)}.${encoded(signature)}`;
        const proof = Proof.parse(text);
        const key = proof && DeviceKey.fromJwk(proof.algorithm, proof.jwk);
        expect(key).toBeUndefined();
        const known = DeviceKey.fromJwk('ES256', jwkOf(keys.ES256))!;
        expect(proof?.isSignedBy(known) ?? false).toBe(false);
        expect(proof?.isFor(['bank.example']) ?? true).toBe(
          proof === undefined || proof.audience === undefined,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it.each(ALGORITHMS)('has no other key than the right one if a part of it is changed: %s', (algorithm) => {
    const jwk = jwkOf(keys[algorithm]) as Record<string, unknown>;
    const right = DeviceKey.fromJwk(algorithm, jwk)!.thumbprint;
    fc.assert(
      fc.property(fc.constantFrom('kty', 'crv', 'x', 'y', 'n', 'e', 'd', 'k'), odd, (part, value) => {
        const key = DeviceKey.fromJwk(algorithm, { ...jwk, [part]: value });
        expect([undefined, right]).toContain(key?.thumbprint);
      }),
    );
  });

  it.each(ALGORITHMS)('is not accepted if a character of it is changed: %s', (algorithm) => {
    const proof = proofOf(keys[algorithm], 'challenge').slice(1, -1);
    const key = DeviceKey.fromJwk(algorithm, jwkOf(keys[algorithm]))!;
    expect(Proof.parse(proof)?.isSignedBy(key)).toBe(true);
    const signed = Buffer.from(proof.split('.')[2]!, 'base64url');
    fc.assert(
      fc.property(
        fc.nat(proof.length - 1),
        fc.constantFrom('A', 'Z', 'a', 'z', '0', '9', '-', '_', '.'),
        (place, letter) => {
          const changed = proof.slice(0, place) + letter + proof.slice(place + 1);
          // The last letter of base64url has bits that mean nothing.
          const same = changed.split('.').length === 3 && Buffer.from(changed.split('.')[2]!, 'base64url').equals(signed); // prettier-ignore
          const untouched =
            changed.split('.').slice(0, 2).join('.') === proof.split('.').slice(0, 2).join('.');
          expect(Proof.parse(changed)?.isSignedBy(key) ?? false).toBe(same && untouched);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('is no text that a session stores', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(DeviceRecord.parse(text)).toBeUndefined()));
    const record = new DeviceRecord(DeviceKey.fromJwk('RS256', jwkOf(keys.RS256))!, 41);
    expect(DeviceRecord.parse(record.next())).toMatchObject({ accepted: 42 });
    expect(record.next()).not.toBe(record.next());
  });

  it('has a header of plain characters', () => {
    for (const header of [
      '"a',
      'a"',
      '"a"b',
      'a b',
      '',
      '""',
      'ä',
      `"${'a'.repeat(4096)}"`,
      ['a'],
      undefined,
    ])
      expect(stringItem(header as string)).toBeUndefined();
    for (const header of ['"a.b"', 'a.b', ' "a.b" ', '"a.b";x=1', 'a.b ; y'])
      expect(stringItem(header)).toBe('a.b');
  });
});
