import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { platforms } from '../http/http-app.js';
import { openShop, type Shop } from '../sample/shop-app.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

/** The folder of screenshots: $SCREENSHOTS, or a temporary folder. */
const pictures = process.env.SCREENSHOTS ?? mkdtempSync(join(tmpdir(), 'session-page-'));

const flags = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

let redis: RedisServer;
let chrome: Browser;
beforeAll(async () => {
  redis = await RedisServer.start();
  chrome = await chromium.launch({ executablePath: process.env.CHROMIUM, args: flags });
});
afterAll(async () => {
  await chrome.close();
  await redis.stop();
});

describe.each(platforms)('the page of the shop on %s, with its sessions in Redis', (platform) => {
  let shop: Shop;
  let window: BrowserContext;
  let page: Page;
  let complaints: string[];

  beforeEach(async () => {
    shop = await openShop(platform, {
      REDIS_SESSION_CONNECTION_STRING: redis.url,
      REDIS_SESSION_APPLICATION_NAME: uniqueName('page'),
    });
    window = await chrome.newContext({ viewport: { width: 1200, height: 860 } });
    page = await window.newPage();
    complaints = [];
    page.on('pageerror', (error) => complaints.push(error.message));
    await open();
  });
  afterEach(async () => {
    await window.close();
    await shop.close();
  });

  /** Opens or reloads the page, and waits until it has counted the visit. */
  async function open(): Promise<void> {
    await page.goto(shop.url);
    await page.locator('#visits', { hasText: /\d/ }).waitFor();
  }

  const cart = () => page.getByRole('complementary', { name: 'Your cart' });
  const button = (name: string) => page.getByRole('button', { name, exact: true });
  const logIn = async (name: string): Promise<void> => {
    await page.getByLabel('Your name').fill(name);
    await button('Log in').click();
    await page.getByText(`Hello, ${name}`).waitFor();
  };
  const addSencha = async (): Promise<void> => {
    await button('Add Sencha').click();
    await cart().getByText('1 × Sencha').waitFor();
  };

  it('keeps the login and the cart after a reload', async () => {
    await addSencha();
    await logIn('Ada');
    await button('Add Assam').click();
    await cart().getByText('1 × Assam').waitFor();
    await open();
    await page.getByText('Hello, Ada').waitFor();
    expect(await cart().getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringContaining('1 × Sencha'),
      expect.stringContaining('1 × Assam'),
    ]);
    expect(await page.locator('#total').innerText()).toBe('€21.80');
    expect(complaints).toEqual([]);
  });

  it('shows neither login nor cart after the logout', async () => {
    await logIn('Ada');
    await addSencha();
    await button('Log out').click();
    await page.getByLabel('Your name').waitFor();
    await cart().getByText('Nothing in it yet.').waitFor();
    expect(await page.locator('#visits').innerText()).toBe('1');
    await open();
    expect(await page.getByLabel('Your name').isVisible()).toBe(true);
    expect(await cart().getByRole('listitem').count()).toBe(0);
  });

  it('removes an item from the cart', async () => {
    await addSencha();
    await button('Remove Sencha').click();
    await cart().getByText('Nothing in it yet.').waitFor();
    await open();
    expect(await cart().getByRole('listitem').count()).toBe(0);
  });

  it('counts a visit for each load and each click', async () => {
    expect(await page.locator('#visits').innerText()).toBe('1');
    await button('Count another visit').click();
    await page.locator('#visits', { hasText: '2' }).waitFor();
    await open();
    expect(await page.locator('#visits').innerText()).toBe('3');
  });

  it('shows no data of another visitor', async () => {
    await logIn('Ada');
    await addSencha();
    const stranger = await chrome.newContext();
    page = await stranger.newPage();
    await open();
    expect(await page.getByLabel('Your name').isVisible()).toBe(true);
    expect(await cart().getByRole('listitem').count()).toBe(0);
    await stranger.close();
  });

  it('hides the cookie from its scripts', async () => {
    const [cookie, ...others] = await window.cookies();
    expect(others).toEqual([]);
    expect(cookie).toMatchObject({ name: 'sid', httpOnly: true, sameSite: 'Lax', path: '/' });
    expect(await page.evaluate('document.cookie')).toBe('');
  });

  it.each([
    ['wide-light', { width: 1200, height: 860 }, 'light'],
    ['wide-dark', { width: 1200, height: 860 }, 'dark'],
    ['phone-light', { width: 390, height: 844 }, 'light'],
    ['phone-dark', { width: 390, height: 844 }, 'dark'],
  ] as const)('fits its window (%s)', async (name, size, colorScheme) => {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(size);
    await logIn('Ada');
    await addSencha();
    await button('Add Jasmine Pearls').click();
    await cart().getByText('1 × Jasmine Pearls').waitFor();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(size.width);
    await page.screenshot({ path: join(pictures, `${platform}-${name}.png`), fullPage: true });
  });
});
