import { createHash, X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type INestApplication, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { RedisSessionModule } from 'nestjs-redis-session';
import { dbsc } from 'nestjs-redis-session/dbsc';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { platforms } from '../http/http-app.js';
import { BankController, later } from '../security/device-bound-app.js';
import { eventually } from '../support/eventually.js';
import { createTestCertificate } from '../support/test-certificate.js';

const certificate = createTestCertificate();
const { publicKey } = new X509Certificate(certificate.cert);
const spki = createHash('sha256')
  .update(publicKey.export({ type: 'spki', format: 'der' }))
  .digest('base64');

// Keys in software: a test machine has no TPM. Browsers with one need none of these features named.
const features = 'DeviceBoundSessions,EnableBoundSessionCredentialsSoftwareKeysForManualTesting';
const launch = {
  executablePath: process.env.CHROMIUM,
  args: [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--host-resolver-rules=MAP other.example 127.0.0.1',
    `--enable-features=${features}`,
    `--ignore-certificate-errors-spki-list=${spki}`,
  ],
};

// The browser decides when it proves its key again: when the cookie of ten seconds ends, or before.
const PATIENCE = { within: 20_000, every: 200 };

const send = (page: Page, path: string, method = 'GET') =>
  page.evaluate(
    async ([target, verb]) => {
      const answer = await fetch(target!, { method: verb!, cache: 'no-store' } as RequestInit);
      return { status: answer.status, body: await answer.text() };
    },
    [path, method],
  );
const me = async (page: Page) => JSON.parse((await send(page, '/me')).body) as { deviceBound?: string };

@Module({
  imports: [
    RedisSessionModule.forRoot({
      store: 'memory',
      deviceBound: dbsc({ mode: 'enforce', refreshEverySeconds: 10 }),
    }),
  ],
  controllers: [BankController],
})
class BankModule {}

describe.each(platforms)('Chromium at a bank on %s that binds sessions to devices', (platform) => {
  let bank: INestApplication;
  let url: string;
  let posted: string[];
  const profiles: string[] = [];
  const windows: BrowserContext[] = [];

  beforeEach(async () => {
    const adapter =
      platform === 'fastify' ? new FastifyAdapter({ https: certificate } as object) : new ExpressAdapter();
    bank = await NestFactory.create(BankModule, adapter, {
      logger: false,
      ...(platform === 'express' && { httpsOptions: certificate }),
    });
    posted = [];
    await bank.listen(0, '127.0.0.1');
    const server = bank.getHttpServer();
    server.on('request', (request: { method: string; url: string }, response: { statusCode: number }) =>
      (response as unknown as NodeJS.EventEmitter).once('finish', () => {
        if (request.method === 'POST') posted.push(`${request.url} ${response.statusCode}`);
      }),
    );
    url = `https://localhost:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    jest.useRealTimers();
    await Promise.all(windows.splice(0).map((window) => window.close()));
    for (const profile of profiles.splice(0)) rmSync(profile, { recursive: true, force: true });
    await bank.close();
  });

  /** A browser on a machine of its own. */
  async function machine(): Promise<BrowserContext> {
    const profile = mkdtempSync(join(tmpdir(), 'session-device-'));
    profiles.push(profile);
    const window = await chromium.launchPersistentContext(profile, launch);
    windows.push(window);
    return window;
  }
  const open = async (window: BrowserContext): Promise<Page> => {
    const page = await window.newPage();
    await page.goto(`${url}/me`);
    return page;
  };
  const proved = () => posted.filter((line) => line === '/device-session/refresh 200').length;

  async function bound(page: Page): Promise<void> {
    await send(page, '/login', 'POST');
    await eventually(() => posted.includes('/device-session/registration 200'), PATIENCE);
    await eventually(async () => (await me(page)).deviceBound === 'bound', PATIENCE);
  }

  it('registers a key after the login, and proves it again when its cookie has expired', async () => {
    const page = await open(await machine());
    await bound(page);
    expect((await send(page, '/transfer', 'POST')).status).toBe(200);
    const before = proved();
    await eventually(async () => {
      expect(await me(page)).toEqual({ user: 'ada', isNew: false, deviceBound: 'bound' });
      return proved() > before;
    }, PATIENCE);
  });

  it('keeps its session across a rotation, and forgets the key after the logout', async () => {
    const window = await machine();
    const page = await open(window);
    await bound(page);
    await send(page, '/rotate', 'POST');
    await send(page, '/logout', 'POST');
    expect(await me(page)).toEqual({ isNew: true });
    expect((await window.cookies()).map(({ name }) => name)).toEqual([]);
  });

  describe('led by a page of another site', () => {
    let site: Server;
    let path: string;
    beforeEach(async () => {
      path = '/me';
      site = createServer(certificate, (_request, response) => {
        response.setHeader('content-type', 'text/html');
        response.end(`<a href="${url}${path}">Go</a>`);
      });
      await new Promise<void>((listening) => site.listen(0, '127.0.0.1', listening));
    });
    afterEach(() => {
      site.closeAllConnections();
      site.close();
    });
    const visit = (page: Page) => page.goto(`https://other.example:${(site.address() as AddressInfo).port}/`);
    const follow = async (page: Page) => {
      await page.getByText('Go').click();
      await page.waitForURL(`${url}${path}`);
    };

    it('is bound by a login that ends there, as those of identity providers do', async () => {
      const page = await open(await machine());
      path = '/callback';
      await visit(page);
      await follow(page);
      await eventually(async () => (await me(page)).deviceBound === 'bound', PATIENCE);
      expect(await me(page)).toMatchObject({ user: 'ada', isNew: false });
    });

    it('has its session, although the proof has expired in the meantime', async () => {
      const window = await machine();
      const page = await open(window);
      await bound(page);
      await visit(page);
      await eventually(async () => (await window.cookies(url)).length === 1, PATIENCE);
      await follow(page);
      expect(JSON.parse(await page.locator('body').innerText())).toMatchObject({
        user: 'ada',
        deviceBound: 'bound',
      });
    });
  });

  it('has no session with cookies that were copied from it to another machine', async () => {
    const victim = await machine();
    const page = await open(victim);
    await bound(page);
    const thief = await machine();
    await thief.addCookies(await victim.cookies());
    const stolen = await open(thief);
    expect(await me(stolen)).toMatchObject({ user: 'ada' });
    later(60);
    expect(await me(stolen)).toEqual({ isNew: true });
    expect((await send(stolen, '/transfer', 'POST')).status).toBe(403);
    await eventually(async () => (await me(page)).deviceBound === 'bound', PATIENCE);
    expect(await me(page)).toMatchObject({ user: 'ada', isNew: false });
    expect(await me(stolen)).toEqual({ isNew: true });
  });
});
