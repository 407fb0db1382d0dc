import { afterEach, describe, expect, it } from '@jest/globals';
import { Http2Client } from '../support/http2-client.js';
import { createTestCertificate } from '../support/test-certificate.js';
import { type Bank, startBank } from './device-bound-app.js';
import { challengeIn, jwkOf, newKeys, offerIn, proofOf } from './device-browser.js';

const certificate = createTestCertificate();
const fastify = { http2: true as const, https: { ...certificate, allowHTTP1: true } };

describe('a bound session over HTTP/2, on fastify', () => {
  let bank: Bank;
  let browser: Http2Client;
  afterEach(async () => {
    browser.close();
    await bank.close();
  });

  it('is registered and refreshed, and a proof for another host is refused', async () => {
    bank = await startBank('fastify', { mode: 'enforce' }, { fastify: fastify as object });
    // NestJS 11 says http.
    const url = bank.url.replace(/^http:/, 'https:');
    browser = new Http2Client(url, { ca: certificate.cert });
    const keys = newKeys();
    const { path, challenge } = offerIn((await browser.post('/login', {})) as never)!;
    const send = (target: string, text: string, aud: string, id: string, header = {}) =>
      browser.request('POST', target, {
        headers: {
          'secure-session-response': proofOf(keys, text, { header, payload: { aud } }),
          'sec-secure-session-id': id,
        },
      });
    const jwk = jwkOf(keys);
    const own = `${url}${path}`;
    expect((await send(path, challenge, 'https://evil.example/', '', { jwk })).status).toBe(400);
    const registered = await send(path, challenge, own, '', { jwk });
    expect(registered.status).toBe(200);
    const { session_identifier: id, refresh_url: refresh } = registered.json() as Record<string, string>;
    const asked = await browser.request('POST', refresh!, { headers: { 'sec-secure-session-id': id! } });
    expect((await send(refresh!, challengeIn(asked as never), own, id!)).status).toBe(200);
    expect((await browser.get('/me')).json()).toMatchObject({ deviceBound: 'bound' });
  });
});
