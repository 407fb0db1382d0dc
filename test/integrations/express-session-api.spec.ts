import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Post, Req } from '@nestjs/common';
import { InMemorySessionStore, type Session } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { platforms, sessionsInMemory, startNest, type NestApp } from './nest-app.js';

interface Shop {
  name: string;
}

interface ShopRequest {
  session: Session<Shop>;
  sessionID: string;
}

const minute = 60_000;

@Controller()
class DropInController {
  @Post('login')
  login(@Req() { session }: ShopRequest): void {
    session.name = 'ada';
  }

  @Get('ids')
  ids(@Req() { session, sessionID }: ShopRequest): string[] {
    return [sessionID, session.id];
  }

  @Post('ids/regenerated')
  regenerated(@Req() request: ShopRequest): Promise<string[]> {
    const before = request.sessionID;
    return new Promise((resolve) => {
      void request.session.regenerate(() => resolve([before, request.sessionID, request.session.id]));
    });
  }

  @Get('lifetime')
  lifetime(@Req() { session }: ShopRequest): object {
    const { maxAge, originalMaxAge, expires } = session.cookie;
    return { maxAge, originalMaxAge, expiresIn: Math.round((expires.getTime() - Date.now()) / 1000) };
  }

  @Post('remember')
  remember(@Req() { session }: ShopRequest): void {
    session.cookie.maxAge = 10 * minute;
  }

  @Post('remember-until')
  rememberUntil(@Req() { session }: ShopRequest): void {
    session.cookie.expires = new Date(Date.now() + 10 * minute);
  }

  @Post('forget')
  forget(@Req() { session }: ShopRequest): void {
    session.cookie.maxAge = null;
  }

  @Post('forget-by-expires')
  forgetByExpires(@Req() { session }: ShopRequest): void {
    session.cookie.expires = false;
  }

  @Post('end')
  end(@Req() { session }: ShopRequest): string {
    try {
      session.cookie.maxAge = 0;
      return 'ended';
    } catch (error) {
      return (error as Error).message;
    }
  }

  @Get('shown')
  shown(@Req() { session }: ShopRequest): unknown {
    return { keys: Object.keys(session), copy: { ...session }, has: 'cookie' in session };
  }

  /** Like the redirect of grant: with express-session it waits for save(). */
  @Post('connect')
  connect(@Req() { session }: ShopRequest): Promise<string> {
    session.name = 'connected';
    const waits = (Object.getPrototypeOf(session) as typeof session).save.length > 0;
    return new Promise((resolve) => {
      if (waits) void session.save(() => resolve('saved first'));
      else resolve('not saved');
    });
  }

  @Post('in-turn')
  inTurn(@Req() { session }: ShopRequest): Promise<unknown[]> {
    const told: unknown[] = [];
    return new Promise((resolve) => {
      session.name = 'grace';
      void session.save((saved) => {
        session.name = 'forgotten';
        void session.reload((reloaded) => {
          told.push(saved ?? null, reloaded ?? null, session.name);
          void session.touch((touched) => {
            void session.destroy((destroyed) => {
              told.push(touched ?? null, destroyed ?? null);
              void session.reload((error) => resolve([...told, (error as { code: string }).code]));
            });
          });
        });
      });
    });
  }
}

async function isLive(visitor: Browser): Promise<boolean> {
  return ((await visitor.get('/shown')).json() as { keys: string[] }).keys.length > 0;
}

describe.each(platforms)('code that was written for express-session, on %s', (platform) => {
  let now: number;
  let app: NestApp;
  let visitor: Browser;
  beforeEach(async () => {
    now = Date.now();
    const store = new InMemorySessionStore({ now: () => now });
    const imports = [sessionsInMemory({ store, idleTimeoutInSeconds: 60 })];
    app = await startNest(platform, { imports, controllers: [DropInController] });
    visitor = app.browser();
    await visitor.post('/login');
  });
  afterEach(() => app.close());

  it('finds the public id in req.sessionID', async () => {
    const [id] = visitor.cookie('sid')!.split('.');

    expect((await visitor.get('/ids')).json()).toEqual([id, id]);
  });

  it('finds a new id there after regenerate()', async () => {
    const [known] = visitor.cookie('sid')!.split('.');

    const [before, after, id] = (await visitor.post('/ids/regenerated')).json() as string[];

    expect(before).toBe(known);
    expect(after).not.toBe(before);
    expect(after).toBe(id);
  });

  it('finds the lifetime in session.cookie, in milliseconds', async () => {
    expect((await visitor.get('/lifetime')).json()).toEqual({
      maxAge: minute,
      originalMaxAge: minute,
      expiresIn: 60,
    });
  });

  it.each(['/remember', '/remember-until'])('sets the lifetime through session.cookie (%s)', async (path) => {
    await visitor.post(path);
    now += 9 * minute;

    expect((await visitor.get('/lifetime')).json()).toEqual({
      maxAge: 10 * minute,
      originalMaxAge: 10 * minute,
      expiresIn: 600,
    });
    now += 9 * minute;
    expect(await isLive(visitor)).toBe(true);
    now += 10 * minute;
    expect(await isLive(visitor)).toBe(false);
  });

  it.each(['/forget', '/forget-by-expires'])('resets the lifetime to the default (%s)', async (path) => {
    await visitor.post('/remember');
    await visitor.post(path);

    expect((await visitor.get('/lifetime')).json()).toMatchObject({ maxAge: minute });
    now += minute;
    expect(await isLive(visitor)).toBe(false);
  });

  it('gets an error if it sets a lifetime of 0 to end the session', async () => {
    expect((await visitor.post('/end')).text).toMatch(/Call session\.destroy\(\) to end a session now/);
    expect(await isLive(visitor)).toBe(true);
  });

  it('does not find the cookie among the attributes', async () => {
    expect((await visitor.get('/shown')).json()).toEqual({
      keys: ['name'],
      copy: { name: 'ada' },
      has: false,
    });
  });

  it('finds the verbs on the prototype of the session, as grant does before it redirects', async () => {
    expect((await visitor.post('/connect')).text).toBe('saved first');
    expect((await visitor.get('/shown')).json()).toMatchObject({ copy: { name: 'connected' } });
  });

  it('has its callback called by every verb, with the error or without an argument', async () => {
    expect((await visitor.post('/in-turn')).json()).toEqual([
      null,
      null,
      'grace',
      null,
      null,
      'SESSION_GONE',
    ]);
  });
});
