import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Cluster, RedisOptions } from 'ioredis';
import { RedisSessionStore } from 'nestjs-redis-session';
import { Observation } from '../../lib/observed/observation.js';
import { ObservedSessionStore } from '../../lib/observed/observed-session-store.js';
import type { RedisClient } from '../../lib/redis/session-scripts.js';
import { RecordingObserver } from '../observed/recording.observer.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { createdIn, noChanges } from './redis-fixture.js';

/** What an application does with one session, and what an observer hears of it. */
async function costsOn(client: RedisClient): Promise<string[]> {
  const observer = new RecordingObserver();
  const applicationName = uniqueName();
  const observation = new Observation([observer], { applicationName, store: 'redis' }, () => undefined);
  const options = { applicationName, operationTimeoutInMilliseconds: 2000, retryTimeoutInMilliseconds: 0 };
  const redis = new RedisSessionStore(client, options, undefined, observation);
  const store = new ObservedSessionStore(redis, observation);
  const { id } = await createdIn(store as unknown as RedisSessionStore, { item: 'tea' });
  await store.load(id);
  await store.save(id, { ...noChanges, attributes: new Map([['item', 'mate']]) });
  // Longer: a touch that changes nothing asks the script why.
  await store.touch(id, { defaultIdleTimeoutInMilliseconds: 660_000 });
  await store.index!.add({ index: 'user', value: 'ada' }, id, 1000);
  for await (const ids of store.index!.ids({ index: 'user', value: 'ada' })) expect(ids).toEqual([id]);
  await store.destroy(id);
  redis.close();
  return observer
    .take(true)
    .map(({ operation, outcome, commands, roundTrips, bytes }) =>
      [operation, outcome, commands, roundTrips, bytes].join(' '),
    );
}

describe('what is counted', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  const clients: [string, RedisOptions][] = [
    ['a client', {}],
    ['a client with a key prefix', { keyPrefix: 'shop:' }],
    ['a client that pipelines by itself', { enableAutoPipelining: true }],
  ];

  it('includes the commands that bring a script to a server that does not know it', async () => {
    await server.admin.script('FLUSH');
    expect((await costsOn(server.client()))[0]).toBe('create created 2 2 7');
  });

  it.each(clients.slice(0, 2))('is every command of %s', async (_what, options) => {
    await costsOn(server.client());
    expect(await costsOn(server.client(options))).toEqual([
      'create created 1 1 7',
      'load found 1 1 7',
      'save saved 1 1 8',
      'touch touched 1 1 0',
      'index done 1 1 0',
      'find done 1 1 0',
      'find done 0 0 0',
      'destroy destroyed 2 2 0',
    ]);
  });

  it('does not change what a client does that pipelines by itself', async () => {
    const outcomes = await costsOn(server.client({ enableAutoPipelining: true }));
    expect(outcomes.map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
      'create created',
      'load found',
      'save saved',
      'touch touched',
      'index done',
      'find done',
      'find done',
      'destroy destroyed',
    ]);
  });
});

describe('what is counted on a cluster', () => {
  let cluster: RedisCluster;
  let client: Cluster;
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    client = cluster.client();
  }, 60_000);
  afterAll(() => cluster.stop());

  it('is every command', async () => {
    const lines = await costsOn(client);
    expect(lines).toContain('load found 1 1 7');
    expect(lines).toContain('touch touched 1 1 0');
    expect(lines.at(-1)).toMatch(/^destroy destroyed [23] /);
  });
});
