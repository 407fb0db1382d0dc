import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RedisSentinel } from '../support/redis-sentinel.js';

describe('a master with two replicas and three sentinels', () => {
  let group: RedisSentinel;
  beforeAll(async () => {
    group = await RedisSentinel.start({ password: 'secret' });
  });
  afterAll(() => group.stop());

  it('is found through the sentinels', async () => {
    const redis = group.client();
    await redis.set('key', 'value');
    expect(await (await group.master()).admin.get('key')).toBe('value');
    expect(await group.master()).toBe(group.servers[0]);
  });

  it('gets another master when the first dies', async () => {
    const redis = group.client();
    await redis.set('kept', 'yes');
    await redis.wait(2, 1_000);
    const old = await group.master();
    const master = await group.failover();
    expect(master).not.toBe(old);
    await eventually(async () => expect(await redis.get('kept')).toBe('yes'));
    await redis.set('new', 'yes');
    expect(await master.admin.get('new')).toBe('yes');
  });
});
