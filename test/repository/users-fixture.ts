import {
  InMemorySessionStore,
  RedisSessionStore,
  type SessionRepository,
  type SessionStore,
} from 'nestjs-redis-session';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import type { AnySession } from '../session/session-fixture.js';

/** A place for sessions, which makes stores for several applications and processes. */
export interface StoreMaker {
  /** The store of a process of this application. Those in memory belong to one process. */
  store(applicationName: string): SessionStore;
  close(): Promise<void>;
}

const timeouts = { operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 };

/** For `describe.each`: memory, one server, and a cluster of three. */
export const places: [name: string, open: () => Promise<StoreMaker>][] = [
  ['memory', openMemory],
  ['Redis', openRedis],
  ['a Redis cluster', openCluster],
];

async function openMemory(): Promise<StoreMaker> {
  const applications = new Map<string, InMemorySessionStore>();
  return {
    store(applicationName) {
      const store = applications.get(applicationName) ?? new InMemorySessionStore();
      applications.set(applicationName, store);
      return store;
    },
    async close() {
      for (const store of applications.values()) store.close();
    },
  };
}

async function openRedis(): Promise<StoreMaker> {
  return storesOn(await RedisServer.start());
}

async function openCluster(): Promise<StoreMaker> {
  return storesOn(await RedisCluster.start({ masters: 3, replicas: 0 }));
}

function storesOn(redis: RedisServer | RedisCluster): StoreMaker {
  const stores: RedisSessionStore[] = [];
  return {
    store(applicationName) {
      const store = new RedisSessionStore(redis.client(), { applicationName, ...timeouts });
      stores.push(store);
      return store;
    },
    async close() {
      for (const store of stores) store.close();
      await redis.stop();
    },
  };
}

/** A new session of this user, stored. */
export async function login(
  sessions: SessionRepository,
  user: unknown,
  attributes: object = {},
): Promise<AnySession> {
  const session = sessions.create() as AnySession;
  Object.assign(session, { ...attributes, user });
  await session.save();
  return session;
}

/** The ids of a user's sessions. */
export async function idsOf(sessions: SessionRepository, user: string | number): Promise<string[]> {
  return (await sessions.findByUser(user)).map(({ id }) => id).toSorted();
}

/** A store whose operations a test can hold back. */
export function held(inner: SessionStore) {
  const holds = new Map<string, Promise<void>>();
  const reached = new Map<string, () => void>();
  const store = new Proxy(inner, {
    get(target, name) {
      const method = Reflect.get(target, name) as unknown;
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]) => {
        reached.get(String(name))?.();
        await holds.get(String(name));
        return Reflect.apply(method, target, args) as unknown;
      };
    },
  });
  return {
    store,
    /** Holds this operation. Returns when it was called, and how to let it go on. */
    hold(method: string): { called: Promise<void>; release: () => void } {
      let release!: () => void;
      holds.set(method, new Promise<void>((resolve) => (release = resolve)));
      const called = new Promise<void>((resolve) => reached.set(method, resolve));
      return { called, release };
    },
  };
}
