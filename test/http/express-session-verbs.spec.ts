import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, Get, Param, Post, Req } from '@nestjs/common';
import { Session, SessionStoreUnavailableError } from 'nestjs-redis-session';
import type { Browser } from '../support/http-browser.js';
import { type HttpApp, platforms, startApp } from './http-app.js';
import { RecordingStore } from './recording.store.js';
import { type Shop, ShopController } from './shop.controller.js';

type Verb = 'save' | 'reload' | 'touch' | 'destroy' | 'regenerate';
const verbs: Verb[] = ['save', 'reload', 'touch', 'destroy', 'regenerate'];

/** What a handler has caught. */
let caught: unknown[];

@Controller('verbs')
class VerbsController {
  @Post('promise/:verb')
  async promise(@Req() request: { session: Session<Shop> }, @Param('verb') verb: Verb): Promise<object> {
    const before = request.session;
    before.item = 'changed';
    const result = await before[verb]();
    return {
      item: request.session.item,
      isNext: result === request.session,
      isOther: before !== request.session,
    };
  }

  @Post('callback/:verb')
  callback(@Req() request: { session: Session<Shop> }, @Param('verb') verb: Verb): Promise<object> {
    const before = request.session;
    before.item = 'changed';
    return new Promise((resolve, reject) => {
      void before[verb]((error?: unknown) => {
        const isOther = before !== request.session;
        if (error === undefined) resolve({ item: request.session.item, isOther });
        else reject(error instanceof Error ? error : new Error('Not an error'));
      });
    });
  }

  @Post('caught/:verb')
  async caught(@Session() session: Session<Shop>, @Param('verb') verb: Verb): Promise<void> {
    session.item = 'changed';
    await (session[verb]() as Promise<unknown>).catch((error: unknown) => caught.push(error));
  }

  @Get('methods')
  async methods(@Session() session: Session<Shop>): Promise<object> {
    await session.save();
    await session.touch();
    return { names: Object.keys(session), id: session.id, kinds: verbs.map((verb) => typeof session[verb]) };
  }
}

describe.each(platforms)("the methods of express-session's sessions, on %s", (platform) => {
  let store: RecordingStore;
  let app: HttpApp;
  let browser: Browser;
  let id: string;
  beforeEach(async () => {
    caught = [];
    store = new RecordingStore();
    app = await startApp(platform, { controllers: [ShopController, VerbsController], options: { store } });
    browser = app.browser();
    id = ((await browser.post('/session', { item: 'tea' })).json() as { id: string }).id;
    store.take();
  });
  afterEach(() => app.close());

  const attributes = async () => (await browser.get('/session')).json().attributes as object;

  describe.each(['promise', 'callback'])('by %s', (style) => {
    const call = async (verb: Verb) => (await browser.post(`/verbs/${style}/${verb}`)).json();

    it('save() stores the changes now', async () => {
      expect(await call('save')).toMatchObject({ item: 'changed', isOther: false });
      expect(store.take()).toEqual(['load', 'save']);
      expect(await attributes()).toEqual({ item: 'changed' });
    });

    it('reload() reads again and drops the changes', async () => {
      expect(await call('reload')).toMatchObject({ item: 'tea', isOther: false });
      expect(store.take()).toEqual(['load', 'load', 'touch']);
      expect(await attributes()).toEqual({ item: 'tea' });
    });

    it('touch() slides the timeout, and the changes are stored at the end', async () => {
      expect(await call('touch')).toMatchObject({ item: 'changed', isOther: false });
      expect(store.take()).toEqual(['load', 'touch', 'save']);
    });

    it('destroy() ends the session', async () => {
      expect(await call('destroy')).toMatchObject({ item: 'changed', isOther: false });
      expect(store.take()).toEqual(['load', 'destroy']);
      expect(browser.cookie('sid')).toBeUndefined();
      expect(await attributes()).toEqual({});
    });

    it('regenerate() puts a new, empty session on the request', async () => {
      const answer = await call('regenerate');
      expect(answer).toMatchObject({ isOther: true });
      expect(answer.item).toBeUndefined();
      expect(store.take()).toEqual(['load', 'destroy']);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  it('the promise of regenerate() resolves to the new session of the request', async () => {
    expect((await browser.post('/verbs/promise/regenerate')).json()).toMatchObject({
      isNext: true,
      isOther: true,
    });
  });

  describe('errors of the store', () => {
    // The commit repeats a failed operation, except a touch.
    it.each([
      ['save', 'save', 503],
      ['touch', 'touch', 201],
      ['destroy', 'destroy', 503],
      ['regenerate', 'destroy', 503],
    ] as const)('of %s() reach who awaits it', async (verb, failing, status) => {
      store.failing = failing;
      store.failure = new SessionStoreUnavailableError(failing, 1, new Error('The store broke'));
      expect((await browser.post(`/verbs/caught/${verb}`)).status).toBe(status);
      expect(caught).toEqual([store.failure]);
    });

    it.each(['promise', 'callback'])("reach the framework's error handling by %s", async (style) => {
      store.failing = 'touch';
      expect((await browser.post(`/verbs/${style}/touch`)).status).toBe(500);
      store.failure = new SessionStoreUnavailableError('touch', 1, new Error('The store broke'));
      expect((await browser.post(`/verbs/${style}/touch`)).status).toBe(503);
    });

    it.each(['load', 'save', 'create'] as const)(
      'of %s outside the handler reach it, too',
      async (failing) => {
        store.failing = failing;
        const visitor = failing === 'create' ? app.browser() : browser;
        expect((await visitor.post('/session', { item: 'coffee' })).status).toBe(500);
        store.failure = new SessionStoreUnavailableError(failing, 1, new Error('The store broke'));
        const answer = await visitor.post('/session', { item: 'coffee' });
        expect([answer.status, answer.json().statusCode]).toEqual([503, 503]);
        // Nobody knows whether the create was carried out: the visitor gets what opens the session if it was.
        expect(answer.setCookies.map(({ name }) => name)).toEqual(failing === 'create' ? ['sid'] : []);
        store.failing = undefined;
        expect(await attributes()).toEqual({ item: 'tea' });
      },
    );
  });

  it.each(['save', 'touch', 'id', 'destroy', 'cookie', '__proto__', 'constructor', 'hasOwnProperty'])(
    'a stored attribute with the reserved name %s breaks no method',
    async (name) => {
      await store.save(id, {
        defaultIdleTimeoutInMilliseconds: 60_000,
        attributes: new Map([[name, '{"planted":true}']]),
      });
      const answer = (await browser.get('/verbs/methods')).json();
      expect(answer).toEqual({ names: ['item'], id, kinds: verbs.map(() => 'function') });
      expect(({} as { planted?: boolean }).planted).toBeUndefined();
    },
  );
});
