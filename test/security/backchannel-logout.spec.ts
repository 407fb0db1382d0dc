import { Body, Controller, Get, Post } from '@nestjs/common';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { createLocalJWKSet, exportJWK, generateKeyPair, SignJWT } from 'jose';
import { Session } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { BackChannelLogoutController } from '../readme/backchannel-logout.js';
import type { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';

const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

interface SignedOn {
  user: string;
  sid: string;
}

/** What a login with OpenID Connect leaves in the session. */
@Controller()
class SignOnController {
  @Post('signed-on')
  signedOn(@Session() session: Session<SignedOn>, @Body() { sub, sid }: { sub: string; sid: string }): void {
    session.rotate();
    session.user = sub;
    session.sid = sid;
  }

  @Get('me')
  me(@Session('user') user: string | undefined): string {
    return user ?? 'nobody';
  }
}

const seconds = () => Math.floor(Date.now() / 1000);

type KeyPair = Awaited<ReturnType<typeof generateKeyPair>>;

describe.each(platforms)('a back-channel logout of OpenID Connect, on %s', (platform) => {
  let server: RedisServer;
  let provider: KeyPair;
  let stranger: KeyPair;
  let app: HttpApp;
  let laptop: Browser;
  let phone: Browser;
  let other: Browser;
  beforeAll(async () => {
    server = await RedisServer.start();
    [provider, stranger] = await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]);
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    const jwk = { ...(await exportJWK(provider.publicKey)), kid: 'one', alg: 'RS256' };
    app = await startApp(platform, {
      controllers: [BackChannelLogoutController, SignOnController],
      providers: [{ provide: 'PROVIDER_KEYS', useValue: createLocalJWKSet({ keys: [jwk] }) }],
      options: { store: 'redis', port: server.port, indexes: { sid: (session) => session.sid } },
    });
    [laptop, phone, other] = [app.browser(), app.browser(), app.browser()];
    await laptop.post('/signed-on', { sub: 'ada', sid: 'sid-of-laptop' });
    await phone.post('/signed-on', { sub: 'ada', sid: 'sid-of-phone' });
    await other.post('/signed-on', { sub: 'eve', sid: 'sid-of-eve' });
  });
  afterEach(() => app.close());

  /** A logout token for Ada's laptop, with other claims in place of its own; `undefined` leaves a claim out. */
  function tokenOf(claims: Record<string, unknown> = {}, keys = provider): Promise<string> {
    const usual = {
      iss: 'https://login.example',
      aud: 'shop',
      iat: seconds(),
      exp: seconds() + 120,
      jti: 'bWJq',
      events: { [EVENT]: {} },
      sid: 'sid-of-laptop',
      sub: 'ada',
    };
    const given = Object.entries({ ...usual, ...claims }).filter(([, value]) => value !== undefined);
    return new SignJWT(Object.fromEntries(given))
      .setProtectedHeader({ alg: 'RS256', kid: 'one', typ: 'logout+jwt' })
      .sign(keys.privateKey);
  }

  const send = (body: string) =>
    app.browser().request('POST', '/backchannel-logout', {
      body,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
  const sendToken = async (token: string | Promise<string>) =>
    send(new URLSearchParams({ logout_token: await token }).toString());

  async function users(): Promise<string[]> {
    const answers = await Promise.all([laptop, phone, other].map((visitor) => visitor.get('/me')));
    return answers.map(({ text }) => text);
  }

  it('ends the session with the sid of the token, and no other', async () => {
    const answer = await sendToken(tokenOf());
    expect(answer.status).toBe(200);
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(answer.setCookies).toEqual([]);
    expect(await users()).toEqual(['nobody', 'ada', 'eve']);
  });

  it('ends every session of the user, if the token has a sub only', async () => {
    expect((await sendToken(tokenOf({ sid: undefined }))).status).toBe(200);
    expect(await users()).toEqual(['nobody', 'nobody', 'eve']);
  });

  it('is answered with 200 if there is no such session any more', async () => {
    const token = await tokenOf();
    expect((await sendToken(token)).status).toBe(200);
    expect((await sendToken(token)).status).toBe(200);
    expect(await users()).toEqual(['nobody', 'ada', 'eve']);
  });

  it.each<[string, () => string | Promise<string>]>([
    ['a token that somebody else signed', () => tokenOf({}, stranger)],
    ['a token without a signature', async () => `${(await tokenOf()).split('.').slice(0, 2).join('.')}.`],
    ['a token whose claims were changed', async () => changed(await tokenOf({ sid: 'x' }))],
    ['a token that says that it needs no signature', async () => unsigned(await tokenOf())],
    ['a token of another issuer', () => tokenOf({ iss: 'https://evil.example' })],
    ['a token for another application', () => tokenOf({ aud: 'bank' })],
    ['a token with a nonce: an ID token', () => tokenOf({ nonce: 'n-0S6' })],
    ['a token without events', () => tokenOf({ events: undefined })],
    ['a token of another event', () => tokenOf({ events: { 'http://schemas.example/other': {} } })],
    ['a token whose events are no object', () => tokenOf({ events: EVENT })],
    ['a token whose events are null', () => tokenOf({ events: null })],
    ['a token that has expired', () => tokenOf({ iat: seconds() - 200, exp: seconds() - 100 })],
    ['an old token that never expires', () => tokenOf({ iat: seconds() - 3600, exp: seconds() + 3600 })],
    ['a token without exp', () => tokenOf({ exp: undefined })],
    ['a token without iat', () => tokenOf({ iat: undefined })],
    ['a token without jti', () => tokenOf({ jti: undefined })],
    ['a token without sid and sub', () => tokenOf({ sid: undefined, sub: undefined })],
    ['a token with an empty sid', () => tokenOf({ sid: '' })],
    ['a token whose sid is an object', () => tokenOf({ sid: { $ne: '' } })],
    ['what is no token', () => 'logout'],
  ])('ends nothing, and is answered with 400, for %s', async (_, token) => {
    const answer = await sendToken(token());
    expect(answer.status).toBe(400);
    expect(answer.json()).toEqual({ error: 'invalid_request' });
    expect(answer.headers['cache-control']).toBe('no-store');
    expect(await users()).toEqual(['ada', 'ada', 'eve']);
  });

  it.each(['', 'logout_token=', 'token=x', 'logout_token[a]=b', 'logout_token=a&logout_token=b'])(
    'ends nothing for the form %j',
    async (form) => {
      expect((await send(form)).status).toBe(400);
      expect(await users()).toEqual(['ada', 'ada', 'eve']);
    },
  );

  it('ends nothing for a token in a query', async () => {
    const answer = await app.browser().post(`/backchannel-logout?logout_token=${await tokenOf()}`);
    expect(answer.status).toBe(400);
    expect(await users()).toEqual(['ada', 'ada', 'eve']);
  });

  it('is answered with 400 if Redis does not answer', async () => {
    const own = await RedisServer.start();
    await app.close();
    const jwk = { ...(await exportJWK(provider.publicKey)), kid: 'one', alg: 'RS256' };
    app = await startApp(platform, {
      controllers: [BackChannelLogoutController],
      providers: [{ provide: 'PROVIDER_KEYS', useValue: createLocalJWKSet({ keys: [jwk] }) }],
      options: { store: 'redis', port: own.port, indexes: { sid: (session) => session.sid } },
    });
    await own.stop();
    expect((await sendToken(tokenOf())).status).toBe(400);
  });
});

/** The token with the sid of Ada's laptop written into it afterwards. */
function changed(token: string): string {
  const [header, claims, signature] = token.split('.');
  const parsed = JSON.parse(Buffer.from(claims!, 'base64url').toString()) as object;
  return [header, encoded({ ...parsed, sid: 'sid-of-laptop' }), signature].join('.');
}

function unsigned(token: string): string {
  return `${encoded({ alg: 'none' })}.${token.split('.')[1]}.`;
}

function encoded(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString('base64url');
}
