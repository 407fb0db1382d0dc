import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { InMemorySessionStore } from 'nestjs-redis-session';
import { DeviceKey } from '../../lib/dbsc/device-key.js';
import { platforms } from '../http/http-app.js';
import { watch } from '../session/session-fixture.js';
import { type Bank, later, startBank } from './device-bound-app.js';
import {
  challengeIn,
  type DeviceBrowser,
  jwkOf,
  newKeys,
  newRsaKeys,
  offerIn,
  proofOf,
  type ProofParts,
} from './device-browser.js';

// In the payload a browser may write more than the draft asks for.
const forgeries: [string, (browser: DeviceBrowser) => ProofParts][] = [
  ['signed by another key', () => ({ sign: other() })],
  ['without a signature', () => ({ sign: () => Buffer.alloc(0) })],
  ['of alg none', () => ({ header: { alg: 'none' }, sign: () => Buffer.alloc(0) })],
  ['of alg HS256, with the public key as the secret', (browser) => hs256(browser)],
  ['of alg RS256 with an EC key', () => ({ header: { alg: 'RS256' } })],
  ['of alg ES384', () => ({ header: { alg: 'ES384' } })],
  ['whose signature is in DER', (browser) => ({ sign: der(browser) })],
  ['with a signature of zeros', () => ({ sign: () => Buffer.alloc(64) })],
  ['of another type', () => ({ header: { typ: 'jwt' } })],
  ['without a type', () => ({ header: { typ: undefined } })],
  ['with a critical extension', () => ({ header: { crit: ['b64'], b64: false } })],
  ['for another host', () => ({ payload: { aud: 'https://evil.example/device-session/refresh' } })],
  [
    'for a host that only begins like ours',
    () => ({ payload: { aud: 'https://bank.example.evil.example/' } }),
  ],
  ['for several audiences', () => ({ payload: { aud: ['https://bank.example/'] } })],
  ['without a challenge', () => ({ payload: { jti: undefined } })],
  ['whose challenge is not a string', () => ({ payload: { jti: { toString: 'x' } } })],
];

function other(): (text: string) => Buffer {
  const keys = newKeys();
  return (text) => Buffer.from(proofOf(keys, text).split('.')[2]!.slice(0, -1), 'base64url');
}

function hs256({ keys }: DeviceBrowser): ProofParts {
  const secret = keys.publicKey.export({ format: 'pem', type: 'spki' });
  return {
    header: { alg: 'HS256' },
    sign: (text) => createHmac('sha256', secret).update(text).digest(),
  };
}

function der({ keys }: DeviceBrowser): (text: string) => Buffer {
  return (text) => sign('sha256', Buffer.from(text), keys.privateKey);
}

const ec = () => jwkOf(newKeys());
const rest = (response: { status: number; setCookies: unknown[] }) => [response.status, response.setCookies];

describe.each(platforms)('an attacker who sends proofs, on %s', (platform) => {
  let bank: Bank;
  let stolen: jest.Mock<(report: { id: string; count: number }) => void>;
  beforeEach(async () => {
    stolen = jest.fn();
    bank = await startBank(platform, { mode: 'enforce', onStolen: stolen });
  });
  afterEach(async () => {
    jest.useRealTimers();
    await bank.close();
  });
  describe('at the registration', () => {
    it.each(forgeries)('cannot bind a session with one %s', async (_, parts) => {
      const browser = bank.device();
      const offer = await browser.logIn();
      expect(rest(await browser.register(offer, parts(browser)))).toEqual([400, []]);
      expect((await browser.register(offer)).status).toBe(200);
    });

    const publicKeys: [string, () => unknown][] = [
      ['that is missing', () => undefined],
      ['that is a string', () => 'key'],
      ['that is null', () => null],
      ['with its private part', () => newKeys().privateKey.export({ format: 'jwk' })],
      ['that is symmetric', () => ({ kty: 'oct', k: 'c2VjcmV0' })],
      [
        'on another curve',
        () => generateKeyPairSync('ec', { namedCurve: 'P-384' }).publicKey.export({ format: 'jwk' }),
      ],
      ['of Ed25519', () => generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' })],
      ['off the curve', () => ({ ...ec(), y: ec().y })],
      [
        'at the point 0',
        () => ({
          ...ec(),
          x: Buffer.alloc(32).toString('base64url'),
          y: Buffer.alloc(32).toString('base64url'),
        }),
      ],
      ['whose coordinate is short', () => ({ ...ec(), x: 'AQAB' })],
      ['whose coordinate is a number', () => ({ ...ec(), x: 1 })],
      [
        'whose coordinate is padded',
        () => {
          const key = ec();
          return { ...key, x: `${key.x}=` };
        },
      ],
      ['that is a list', () => [ec()]],
    ];
    it.each(publicKeys)('cannot register a key %s', async (_, jwk) => {
      const browser = bank.device();
      const offer = await browser.logIn();
      expect(rest(await browser.register(offer, { header: { jwk: jwk() } }))).toEqual([400, []]);
    });

    it('cannot register its own key with the private part in it', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      const jwk = browser.keys.privateKey.export({ format: 'jwk' });
      expect(rest(await browser.register(offer, { header: { jwk } }))).toEqual([400, []]);
    });

    it('cannot register an RSA key of 512 or 1024 bits, with the exponent 3, or of 16384 bits', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      for (const bits of [512, 1024]) {
        browser.keys = newRsaKeys(bits);
        expect((await browser.register(offer)).status).toBe(400);
      }
      browser.keys = newRsaKeys(2048, 3);
      expect((await browser.register(offer)).status).toBe(400);
      const n = Buffer.alloc(16_384 / 8, 0xff).toString('base64url');
      expect(DeviceKey.fromJwk('RS256', { kty: 'RSA', n, e: 'AQAB' })).toBeUndefined();
      browser.keys = newRsaKeys(2048);
      expect((await browser.register(offer)).status).toBe(200);
    });

    it('cannot use a challenge after its time, of another session, of a refresh, or of his own making', async () => {
      const [browser, another] = [bank.device(), await bank.device().bind('bob')];
      const offer = await browser.logIn();
      const theirs = offerIn(await bank.device().web.post('/login', {}))!;
      const ofRefresh = challengeIn(await another.prove());
      const made = offer.challenge.replace(/^./, 'z');
      for (const challenge of [theirs.challenge, ofRefresh, made, '', 'x'.repeat(70)])
        expect((await browser.register({ ...offer, challenge })).status).toBe(400);
      later(121);
      expect(rest(await browser.register(offer))).toEqual([400, []]);
    });

    it('cannot replace the key of a session that is bound, and neither can its own browser', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      await browser.register(offer);
      const own = browser.keys;
      expect(rest(await browser.register(offer))).toEqual([409, []]);
      browser.keys = newKeys();
      expect(rest(await browser.register(offer))).toEqual([409, []]);
      browser.keys = own;
      expect((await browser.refresh()).status).toBe(200);
    });

    it('cannot bind a session twice by two registrations at once', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      const statuses = await Promise.all(
        [browser.keys, newKeys(), newKeys()].map(async (keys) => {
          const proof = proofOf(keys, offer.challenge, { header: { jwk: jwkOf(keys) } });
          const headers = { 'secure-session-response': proof };
          return (await browser.web.post(offer.path, undefined, { headers })).status;
        }),
      );
      expect(statuses.toSorted((a, b) => a - b)).toEqual([200, 409, 409]);
    });

    it('cannot register for a session that has ended, or with the cookie of another one', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      const thief = bank.device();
      await thief.logIn('eve');
      expect(rest(await thief.register(offer))).toEqual([400, []]);
      await bank.sessions.destroyByUser('ada');
      expect(rest(await browser.register(offer))).toEqual([404, []]);
    });

    it('serves the browser that logged in at another site, and sends no cookies', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      const sid = browser.web.cookie('sid')!;
      browser.web.clearCookies();
      expect((await browser.register(offer)).status).toBe(200);
      browser.web.setCookie('sid', sid);
      expect(await browser.me()).toMatchObject({ user: 'ada', deviceBound: 'bound' });
    });

    it.each([
      ['nothing', undefined],
      ['no string', 'token'],
      ['no JWT', '"a.b"'],
      ['a JWT that is not JSON', '"!.!.!"'],
      ['null', '"bnVsbA.bnVsbA.AA"'],
      ['many parts', `"${'a.'.repeat(1000)}"`],
      ['8 kB', `"${'a'.repeat(8000)}"`],
    ])('is refused with %s in the header', async (_, header) => {
      const browser = bank.device();
      const { path } = await browser.logIn();
      const headers: Record<string, string> =
        header === undefined ? {} : { 'secure-session-response': header };
      expect(rest(await browser.web.post(path, undefined, { headers }))).toEqual([400, []]);
    });
  });

  describe('at the refresh', () => {
    it.each(forgeries)('gets no cookie for one %s', async (_, parts) => {
      const browser = await bank.device().bind();
      expect(rest(await browser.refresh(parts(browser)))).toEqual([400, []]);
    });

    it('is reported if the signature is wrong', async () => {
      const browser = await bank.device().bind();
      expect((await browser.refresh({ sign: other() })).status).toBe(400);
      expect(stolen).toHaveBeenCalledWith({ id: browser.session!.session_identifier, count: 1 });
    });

    it('cannot replay a proof: it is answered with a new challenge', async () => {
      const browser = await bank.device().bind();
      const proof = proofOf(browser.keys, challengeIn(await browser.prove()));
      expect((await browser.prove(proof)).status).toBe(200);
      const replayed = await browser.prove(proof);
      expect(rest(replayed)).toEqual([403, []]);
      expect((await browser.prove(proofOf(browser.keys, challengeIn(replayed)))).status).toBe(200);
    });

    it('cannot use a proof twice at once, and the browser recovers from losing the race', async () => {
      const browser = await bank.device().bind();
      const proof = proofOf(browser.keys, challengeIn(await browser.prove()));
      const answers = await Promise.all([1, 2, 3, 4].map(() => browser.prove(proof)));
      expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 403, 403, 403]);
      const lost = answers.find(({ status }) => status === 403)!;
      expect((await browser.prove(proofOf(browser.keys, challengeIn(lost)))).status).toBe(200);
    });

    it('cannot use a challenge after its time, of another session, or of the registration', async () => {
      const browser = bank.device();
      const offer = await browser.logIn();
      await browser.register(offer);
      const another = await bank.device().bind('bob');
      const theirs = challengeIn(await another.prove());
      const own = challengeIn(await browser.prove());
      for (const challenge of [theirs, offer.challenge, `${own}x`, '']) {
        const answer = await browser.prove(proofOf(browser.keys, challenge));
        expect(rest(answer)).toEqual([403, []]);
      }
      later(61);
      expect(rest(await browser.prove(proofOf(browser.keys, own)))).toEqual([403, []]);
    });

    it('cannot use the key of another session', async () => {
      const [browser, another] = [await bank.device().bind('ada'), await bank.device().bind('bob')];
      const proof = proofOf(another.keys, challengeIn(await browser.prove()));
      expect(rest(await browser.prove(proof))).toEqual([400, []]);
    });

    it('cannot bring a key of his own in the header', async () => {
      const browser = await bank.device().bind();
      const keys = newKeys();
      const proof = proofOf(keys, challengeIn(await browser.prove()), { header: { jwk: jwkOf(keys) } });
      expect(rest(await browser.prove(proof))).toEqual([400, []]);
    });

    it('cannot ask for a session that he has no credential of, has ended, or is not bound', async () => {
      const browser = await bank.device().bind('ada');
      const another = await bank.device().bind('bob');
      const id = another.session!.session_identifier;
      const headers = { 'sec-secure-session-id': `"${id}"` };
      expect((await browser.prove(undefined, { headers })).status).toBe(404);
      const unbound = bank.device();
      await unbound.logIn('eve');
      const eve = (await bank.sessions.findByUser('eve'))[0]!;
      unbound.session = { ...browser.session!, session_identifier: eve.id };
      expect((await unbound.prove()).status).toBe(404);
      await bank.sessions.destroyByUser('bob');
      expect((await another.prove()).status).toBe(404);
    });

    it('cannot start it from a page, which cannot set the header Sec-Secure-Session-Id', async () => {
      const browser = await bank.device().bind();
      expect((await browser.web.post('/device-session/refresh')).status).toBe(400);
    });

    it('gets 503 if a rotation overtakes the proof, and the browser is served when it comes back', async () => {
      await bank.close();
      const watched = watch(new InMemorySessionStore());
      bank = await startBank(platform, { mode: 'enforce' }, { options: { store: watched.store } });
      const browser = await bank.device().bind();
      watched.before = async (method) => {
        if (method !== 'bindDevice') return;
        watched.before = () => undefined;
        await browser.web.post('/rotate');
      };
      const answer = await browser.refresh();
      expect([...rest(answer), answer.headers['retry-after']]).toEqual([503, [], '1']);
      expect((await browser.refresh()).status).toBe(200);
    });

    it('is told to forget the key if the browser has another session by now', async () => {
      const browser = await bank.device().bind('ada');
      const old = browser.session;
      browser.web.clearCookies();
      await browser.bind('ada');
      browser.session = old;
      expect(rest(await browser.prove())).toEqual([404, []]);
    });

    it('gets nothing for the id of a session alone, and raises no alarm', async () => {
      const browser = await bank.device().bind();
      const nobody = bank.device();
      nobody.session = browser.session;
      const asked = await nobody.prove();
      expect(rest(asked)).toEqual([403, []]);
      expect(rest(await nobody.prove(proofOf(nobody.keys, challengeIn(asked))))).toEqual([400, []]);
      expect(rest(await nobody.prove('nonsense'))).toEqual([400, []]);
      expect(stolen).not.toHaveBeenCalled();
    });

    it('serves the browser that was led here from another site, and sends no cookies', async () => {
      const browser = await bank.device().bind();
      const { web } = browser;
      const [sid] = [web.cookie('sid')!];
      web.clearCookies();
      expect((await browser.refresh()).status).toBe(200);
      expect(web.cookie('sid')).toBeUndefined();
      web.setCookie('sid', sid);
      expect(await browser.me()).toMatchObject({ user: 'ada', deviceBound: 'bound' });
    });

    it('accepts an audience that names this host', async () => {
      const browser = await bank.device().bind();
      const aud = 'https://bank.example/device-session/refresh';
      expect((await browser.refresh({ payload: { aud, iat: 1 } })).status).toBe(200);
    });
  });
});
