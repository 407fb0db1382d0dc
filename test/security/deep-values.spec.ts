import { deserialize, serialize } from 'node:v8';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Body, Controller, Get, Post } from '@nestjs/common';
import {
  InMemorySessionStore,
  jsonSerializer,
  Session,
  SessionDataError,
  type SessionSerializer,
} from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import {
  found,
  repositoryOf,
  stored,
  stores,
  type AnySession,
  type RepositoryOptions,
  type StoreUnderTest,
} from '../session/session-fixture.js';

/** A value with this many levels: `[[…[1]…]]`. */
function nested(levels: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { value };
  return value;
}

const nestedText = (levels: number) => `${'['.repeat(levels)}1${']'.repeat(levels)}`;

describe.each(stores)('a deeply nested value, in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());

  const sessionsWith = (options: RepositoryOptions = {}) =>
    repositoryOf(opened.store, { maxSessionBytes: 10_000_000, ...options });

  async function withText(text: string, options: RepositoryOptions = {}) {
    const sessions = sessionsWith(options);
    const id = await stored(sessions, { other: 1 });
    await opened.store.save(id, {
      attributes: new Map([['deep', text]]),
      defaultIdleTimeoutInMilliseconds: 60_000,
    });
    return { id, sessions, session: await found(sessions, id) };
  }

  it.each([
    [undefined, 64],
    [3, 3],
    [1000, 1000],
  ])('with maxDepth %p is stored and read up to %i levels, and refused beyond', async (maxDepth, limit) => {
    const sessions = sessionsWith(maxDepth === undefined ? {} : { maxDepth });
    const id = await stored(sessions, { deep: nested(limit) });
    const session = await found(sessions, id);
    expect(session.deep).toEqual(nested(limit));
    session.deep = nested(limit + 1);
    await expect(session.save()).rejects.toThrow(
      new SessionDataError(
        `session.deep is nested more than ${limit} levels deep; nothing was written. Store a flatter value, or raise maxDepth.`,
        'deep',
      ),
    );
    expect((await found(sessions, id)).deep).toEqual(nested(limit));
  });

  it('is refused if a nested change adds one level too many', async () => {
    const sessions = sessionsWith({ maxDepth: 2 });
    const session = await found(sessions, await stored(sessions, { deep: { list: [] } }));
    session.deep.list.push(1);
    await session.save();
    session.deep.list.push([]);
    await expect(session.save()).rejects.toThrow('session.deep is nested more than 2 levels deep');
  });

  it.each([65, 4000, 100_000])('is refused before it overflows the stack: %i levels', async (levels) => {
    const session = sessionsWith().create<{ deep: unknown }>();
    session.deep = nested(levels);
    await expect(session.save()).rejects.toMatchObject({ code: 'SESSION_DATA', attribute: 'deep' });
    expect(session.isNew).toBe(true);
  });

  it.each([65, 100_000])('causes an error on read if other software stored it: %i levels', async (levels) => {
    const { session } = await withText(nestedText(levels));
    expect(() => session.deep as unknown).toThrow(
      new SessionDataError(
        'The stored session attribute "deep" cannot be read: it is nested more than 64 levels deep. Remove it, raise maxDepth, or set unreadableAttribute to "drop".',
        'deep',
      ),
    );
    expect(inspect(session)).toContain('[unreadable]');
    session.other = 2;
    await session.save();
    expect(session.other).toBe(2);
  });

  it('is dropped with unreadableAttribute: drop', async () => {
    const { session } = await withText(nestedText(100_000), { unreadableAttribute: 'drop' });
    expect({ ...session }).toEqual({ other: 1 });
  });

  it.each(['{"a":"[[[[\\"[[[[\\\\"}', '[[],[],[],[],[],[]]'])(
    'is not confused with text that looks nested: %s',
    async (text) => {
      const { session } = await withText(text, { maxDepth: 2 });
      expect(session.deep).toEqual(JSON.parse(text));
    },
  );
});

describe('a deeply nested value and the application’s own serializer', () => {
  const v8: SessionSerializer = {
    serialize: (value) => serialize(value).toString('base64'),
    deserialize: (text) => deserialize(Buffer.from(text, 'base64')) as unknown,
  };
  const plain: SessionSerializer = {
    serialize: (value) => JSON.stringify(value),
    deserialize: (text) => JSON.parse(text) as unknown,
  };

  it.each([
    ['v8', v8],
    ['JSON', plain],
  ])('do not end the process if the serializer overflows the stack: %s', async (_, serializer) => {
    const store = new InMemorySessionStore();
    const session = repositoryOf(store, { serializer }).create<{ deep: unknown }>();
    session.deep = nested(100_000);
    await expect(session.save()).rejects.toThrow(
      /^The session attribute "deep" cannot be stored \(\w*Error in the serializer\)/,
    );
    store.close();
  });

  it('pass maxDepth on to the serializer', async () => {
    const store = new InMemorySessionStore();
    const limits: unknown[] = [];
    const serializer: SessionSerializer = {
      serialize: (value, attribute, maxDepth) => (
        limits.push(maxDepth),
        jsonSerializer.serialize(value, attribute, maxDepth)
      ),
      deserialize: (text, attribute, maxDepth) => (
        limits.push(maxDepth),
        jsonSerializer.deserialize(text, attribute, maxDepth)
      ),
    };
    const sessions = repositoryOf(store, { serializer, maxDepth: 7 });
    const session = await found(sessions, await stored(sessions, { cart: ['tea'] }));
    expect(session.cart).toEqual(['tea']);
    expect(limits).toEqual([7, 7]);
    store.close();
  });
});

@Controller()
class DeepController {
  @Post()
  store(@Body() body: object, @Session() session: AnySession): void {
    Object.assign(session, body);
  }

  @Get()
  show(@Session() session: AnySession): unknown {
    return { deep: session.deep as unknown };
  }
}

describe.each(platforms)('a client that sends deeply nested values, on %s', (platform) => {
  let app: HttpApp;
  beforeAll(async () => {
    app = await startApp(platform, { controllers: [DeepController] });
  });
  afterAll(() => app.close());

  it('gets an error, stores nothing, and does not affect others', async () => {
    const attacker = app.browser();
    expect((await attacker.post('/', { deep: nested(4000) })).status).toBe(500);
    expect(attacker.cookie('sid')).toBeUndefined();
    const visitor = app.browser();
    expect((await visitor.post('/', { deep: nested(64) })).status).toBe(201);
    expect((await visitor.get('/')).json()).toEqual({ deep: nested(64) });
  });
});

describe.each(platforms)('a stored value of any depth on a read-only route, on %s', (platform) => {
  @Controller()
  class ReadOnlyController {
    @Get()
    show(@Session() session: AnySession): boolean {
      return Array.isArray(session.deep);
    }
  }

  it('is frozen without a stack overflow', async () => {
    const app = await startApp(platform, {
      controllers: [ReadOnlyController],
      options: {
        sessionState: 'read-only',
        serializer: { serialize: () => '[]', deserialize: () => nested(100_001) },
      },
    });
    const session = app.sessions.create<{ deep: unknown }>();
    session.deep = [];
    await session.save();
    const visitor = app.browser();
    visitor.setCookie('sid', app.sessions.credentialOf(session)!);
    expect((await visitor.get('/')).text).toBe('true');
    await app.close();
  });
});
