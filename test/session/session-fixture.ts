import {
  InMemorySessionStore,
  jsonSerializer,
  RedisSessionOptions,
  RedisSessionStore,
  SessionRepository,
  type SessionSerializer,
  type SessionStore,
} from 'nestjs-redis-session';
import type { Session } from '../../lib/session/session.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

/** A session whose attributes only the test knows. */
// oxlint-disable-next-line typescript/no-explicit-any -- a test knows what it stored
export type AnySession = Session<Record<string, any>>;

export type RepositoryOptions = Partial<RedisSessionOptions>;

/** A repository with these options. */
export function repositoryOf(store: SessionStore, options: RepositoryOptions = {}): SessionRepository {
  return new SessionRepository(store, Object.assign(new RedisSessionOptions(), options));
}

/** A store that records its calls, and fails or waits when a test tells it to. */
export interface WatchedStore {
  readonly store: SessionStore;
  readonly calls: { method: string; args: unknown[] }[];
  /** Runs before each operation; what it throws becomes the operation's error. */
  before: (method: string) => void | Promise<void>;
  /** Names of the operations that were called, without the touches that nobody awaits. */
  methods(): string[];
  /** The attributes of each write so far. */
  written(): Record<string, string | undefined>[];
}

export function watch(inner: SessionStore): WatchedStore {
  const watched: WatchedStore = {
    calls: [],
    before: () => undefined,
    methods: () => watched.calls.map(({ method }) => method).filter((method) => method !== 'touch'),
    written: () =>
      watched.calls
        .filter(({ method }) => method === 'create' || method === 'save')
        .map(({ args }) =>
          Object.fromEntries((args.at(-1) as { attributes: Map<string, string> }).attributes),
        ),
    store: new Proxy(inner, {
      get(target, name) {
        const method = Reflect.get(target, name) as unknown;
        if (typeof method !== 'function') return method;
        return async (...args: unknown[]) => {
          watched.calls.push({ method: String(name), args });
          await watched.before(String(name));
          return Reflect.apply(method, target, args) as unknown;
        };
      },
    }),
  };
  return watched;
}

/** A serializer that records the attributes it was called for. */
export function spyOn(serializer: SessionSerializer = jsonSerializer) {
  const parsed: string[] = [];
  const serialized: string[] = [];
  const spy: SessionSerializer = {
    serialize(value, attribute) {
      serialized.push(attribute);
      return serializer.serialize(value, attribute);
    },
    deserialize(text, attribute) {
      parsed.push(attribute);
      return serializer.deserialize(text, attribute);
    },
  };
  return { spy, parsed, serialized };
}

/** Stores a session with these attributes and returns its id. */
export async function stored(sessions: SessionRepository, attributes: object): Promise<string> {
  const session = sessions.create();
  Object.assign(session, attributes);
  await sessions.save(session);
  return session.id;
}

/** The session as another request finds it. @throws if it does not exist */
export async function found(sessions: SessionRepository, id: string): Promise<AnySession> {
  const session = await sessions.find<Record<string, unknown>>(id);
  if (session === undefined) throw new Error(`There is no session ${id}.`);
  return session;
}

/** A new session with tea in its cart, stored through a repository whose store records its calls from now on. */
export async function watchedCart(store: SessionStore) {
  const watched = watch(store);
  const sessions = repositoryOf(watched.store);
  const session = sessions.create() as AnySession;
  session.cart = ['tea'];
  await sessions.save(session);
  watched.calls.length = 0;
  return { watched, sessions, session, credential: sessions.credentialOf(session)! };
}

export interface StoreUnderTest {
  readonly store: SessionStore;
  close(): Promise<void>;
}

/** For `describe.each`: each store of the package, to be opened in `beforeAll`. */
export const stores: [name: string, open: () => Promise<StoreUnderTest>][] = [
  ['memory', openMemory],
  ['Redis', openRedis],
];

async function openMemory(): Promise<StoreUnderTest> {
  const store = new InMemorySessionStore();
  return { store, close: async () => store.close() };
}

export async function openRedis(): Promise<StoreUnderTest> {
  const server = await RedisServer.start();
  const store = new RedisSessionStore(server.client(), {
    applicationName: uniqueName('session'),
    operationTimeoutInMilliseconds: 5000,
    retryTimeoutInMilliseconds: 0,
  });
  return { store, close: () => server.stop() };
}
