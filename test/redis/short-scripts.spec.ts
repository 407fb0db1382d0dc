import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionChanges } from '../../lib/session/session-store.js';
import { RedisServer } from '../support/redis-server.js';
import { Connected, createdIn, noChanges } from './redis-fixture.js';

describe('the commands of a write, without retries', () => {
  let server: RedisServer;
  let connected: Connected;
  beforeAll(async () => {
    server = await RedisServer.start();
    connected = new Connected({ port: server.port });
    await connected.connection.open();
    // From now on Redis has the scripts in its cache.
    const { id } = await createdIn(connected.store);
    for (const changes of Object.values(saves)) await connected.store.save(id, changes);
  });
  afterAll(async () => {
    connected.store.close();
    await connected.connection.close();
    await server.stop();
  });
  beforeEach(() => server.resetStats());

  const attributes = new Map([['a', '2']]);
  const saves = {
    touched: { ...noChanges, attributes, touched: true },
    due: { ...noChanges, attributes },
    absolute: { ...noChanges, attributes, absoluteTimeoutInMilliseconds: 900_000 },
    touchedAbsolute: { ...noChanges, attributes, absoluteTimeoutInMilliseconds: 900_000, touched: true },
  } satisfies Record<string, SessionChanges>;

  async function commandsOf(write: () => Promise<unknown>): Promise<Record<string, number>> {
    await server.resetStats();
    await write();
    return server.commandStats();
  }

  it('a new session: one check, one write, one expiry, and the time of Redis', async () => {
    expect(await commandsOf(() => createdIn(connected.store))).toEqual({
      evalsha: 1,
      hget: 1,
      time: 1,
      hset: 1,
      pexpire: 1,
    });
  });

  it.each<[string, SessionChanges, Record<string, number>]>([
    ['of a session that was touched just before: no expiry', saves.touched, { hget: 1, hset: 1 }],
    ['the same under an absolute timeout', saves.touchedAbsolute, { hget: 1, hset: 1 }],
    ['that touches the session', saves.due, { hmget: 1, hset: 1, pexpire: 1 }],
    ['that touches it under an absolute timeout', saves.absolute, { hmget: 1, time: 1, hset: 1, pexpire: 1 }],
  ])('a change %s', async (_, changes, calls) => {
    const { id } = await createdIn(connected.store);
    const save = () => connected.store.save(id, { ...changes, secretHash: 'hash' });
    expect(await commandsOf(save)).toEqual({ evalsha: 1, ...calls });
  });

  it('more attributes than one call in a script can take are stored', async () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`a${n}`, '1']));
    const { id } = await createdIn(connected.store, many);
    const changed = new Map(Object.keys(many).map((name) => [name, '2']));
    expect(await connected.store.save(id, { ...noChanges, attributes: changed })).toBe('saved');
    expect((await connected.store.load(id))?.attributes).toEqual(changed);
  });
});
