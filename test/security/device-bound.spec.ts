import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { platforms } from '../http/http-app.js';
import { type Bank, later, startBank } from './device-bound-app.js';
import { challengeIn, jwkOf, newKeys, newRsaKeys, offerIn, proofOf } from './device-browser.js';

const plain = (proof: string) => ({ 'secure-session-response': proof.replaceAll('"', '') });

describe.each(platforms)('a session that is bound to a device, on %s', (platform) => {
  let bank: Bank;
  afterEach(async () => {
    jest.useRealTimers();
    await bank.close();
  });

  describe('in the mode observe', () => {
    beforeEach(async () => {
      bank = await startBank(platform);
    });

    it('is offered to browsers at the login, and to no visitor before', async () => {
      const { web } = bank.device();
      expect(offerIn(await web.post('/note'))).toBeUndefined();
      const login = await web.post('/login', {});
      const { challenge, ...offer } = offerIn(login)!;
      expect(offer).toEqual({ algorithms: 'ES256 RS256', path: '/device-session/registration' });
      expect(challenge).toMatch(/^[\w.-]+$/);
      expect(login.setCookies.map(({ name }) => name)).toEqual(['sid', 'sid-device']);
      expect(offerIn(await web.get('/me'))).toBeUndefined();
    });

    it('is not offered over plain http, where no browser would keep the cookie', async () => {
      const login = await bank.browser().post('/login', {});
      expect([offerIn(login), login.setCookies.length]).toEqual([undefined, 1]);
    });

    it.each([
      ['ES256', newKeys],
      ['RS256', () => newRsaKeys(2048)],
    ])('is bound by a registration in %s, and the answer describes the cookie exactly', async (_, keys) => {
      const browser = bank.device();
      browser.keys = keys();
      const offer = await browser.logIn();
      expect(await browser.me()).toMatchObject({ user: 'ada', deviceBound: 'unbound' });
      const answer = await browser.register(offer);
      const { id } = (await bank.sessions.findByUser('ada'))[0]!;
      expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
      expect(answer.json()).toEqual({
        session_identifier: id,
        refresh_url: '/device-session/refresh',
        scope: { include_site: false, scope_specification: [] },
        credentials: [
          { type: 'cookie', name: 'sid-device', attributes: 'Path=/; HttpOnly; Secure; SameSite=Lax' },
        ],
        allowed_refresh_initiators: ['*'],
      });
      const [cookie] = answer.setCookies;
      expect(cookie).toMatchObject({
        name: 'sid-device',
        attributes: { 'max-age': '600', path: '/', httponly: '', secure: '', samesite: 'Lax' },
      });
      expect(await browser.me()).toEqual({ user: 'ada', isNew: false, deviceBound: 'bound' });
    });

    it('is refreshed in two requests, and then without a challenge of its own', async () => {
      const browser = await bank.device().bind();
      later(601);
      expect(await browser.me()).toMatchObject({ user: 'ada', deviceBound: 'stale' });
      const first = await browser.prove();
      expect([first.status, first.text, first.headers['cache-control']]).toEqual([403, '', 'no-store']);
      const second = await browser.prove(proofOf(browser.keys, challengeIn(first)));
      expect(second.status).toBe(200);
      expect(second.json()).toEqual(browser.session);
      expect(await browser.me()).toMatchObject({ deviceBound: 'bound' });
    });

    it('takes headers with quotes, as the draft says, and without, as Chromium 156 writes them', async () => {
      const browser = bank.device();
      const { path, challenge } = await browser.logIn();
      const proof = proofOf(browser.keys, challenge, { header: { jwk: jwkOf(browser.keys) } });
      const answer = await browser.web.post(path, undefined, { headers: plain(proof) });
      expect(answer.status).toBe(200);
      browser.session = answer.json();
      const id = { 'sec-secure-session-id': browser.session!.session_identifier };
      const asked = await browser.prove(undefined, { headers: id });
      const again = plain(proofOf(browser.keys, challengeIn(asked)));
      expect((await browser.prove(undefined, { headers: { ...id, ...again } })).status).toBe(200);
    });

    it('tolerates a request that left before the cookie expired, and a server whose clock is ahead', async () => {
      const browser = await bank.device().bind();
      const value = browser.web.cookie(browser.cookie)!;
      later(625);
      browser.web.setCookie(browser.cookie, value);
      expect(await browser.me()).toMatchObject({ deviceBound: 'bound' });
      later(10);
      expect(await browser.me()).toMatchObject({ deviceBound: 'stale' });
    });

    it('keeps its key when it is rotated, and is not offered again', async () => {
      const browser = await bank.device().bind();
      expect(offerIn(await browser.web.post('/rotate'))).toBeUndefined();
      expect(await browser.me()).toMatchObject({ deviceBound: 'bound' });
      browser.forget();
      expect((await browser.refresh()).status).toBe(200);
      expect(await browser.me()).toMatchObject({ deviceBound: 'bound' });
    });

    it('loses its key when it is regenerated: the new one is offered anew, and the old one ends in the browser', async () => {
      const browser = await bank.device().bind();
      const answer = await browser.web.post('/regenerate');
      expect(offerIn(answer)).toBeDefined();
      expect(await browser.me()).toMatchObject({ user: 'bob', deviceBound: 'unbound' });
      expect((await browser.prove()).status).toBe(404);
      expect((await browser.register(offerIn(answer)!)).status).toBe(200);
      expect(await browser.me()).toMatchObject({ user: 'bob', deviceBound: 'bound' });
    });

    it('ends with the logout, and the browser forgets cookie and key', async () => {
      const browser = await bank.device().bind();
      const logout = await browser.web.post('/logout');
      expect(logout.setCookies.map(({ name, value }) => [name, value])).toEqual([
        ['sid', ''],
        ['sid-device', ''],
      ]);
      expect((await browser.prove()).status).toBe(404);
    });

    it('is the same for all tabs of the browser', async () => {
      const browser = await bank.device().bind();
      const states = await Promise.all([1, 2, 3].map(() => browser.me()));
      expect(states.map(({ deviceBound }) => deviceBound)).toEqual(['bound', 'bound', 'bound']);
    });

    it('is still a session in a browser that does not know the protocol', async () => {
      const browser = bank.device();
      await browser.logIn();
      later(700);
      expect(await browser.me()).toEqual({ user: 'ada', isNew: false, deviceBound: 'unbound' });
    });

    it('is judged on routes that do not touch the session, too', async () => {
      const browser = await bank.device().bind();
      expect((await browser.web.get('/news')).json()).toEqual({ user: 'ada', deviceBound: 'bound' });
      browser.forget();
      expect((await browser.web.get('/news')).json()).toEqual({ user: 'ada', deviceBound: 'stale' });
    });

    it('leaves other methods and paths to the application', async () => {
      const { web } = await bank.device().bind();
      for (const path of ['/device-session/refresh', '/device-session/registration'])
        expect((await web.get(path)).status).toBe(404);
      expect((await web.post('/device-session/other')).status).toBe(404);
      expect((await web.post('/Device-Session/refresh')).status).toBe(404);
    });
  });
});
