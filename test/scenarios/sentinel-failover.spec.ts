import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms, startApp, type HttpApp } from '../http/http-app.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { replicated } from '../support/replicated.js';
import { uniqueName } from '../support/unique-name.js';
import { loadDuring, summary, Visitor, VisitController } from './visit-load.js';

const OPERATION_TIMEOUT = 500;
// A lock that was acquired right before the master died ends with its lease.
const LEASE = 2_000;
// Load, lock, read under the lock, save and unlock, and the lock of another request, on a busy machine.
const BOUND = 5 * OPERATION_TIMEOUT + LEASE + 3_000;

describe('when the master dies under load and the Sentinels promote a replica', () => {
  let group: RedisSentinel;
  let apps: HttpApp[] = [];
  let visitors: Visitor[];
  let atTheKill: { visits: number; orders: number }[];
  let gone: Visitor;

  beforeAll(async () => {
    group = await RedisSentinel.start({ password: 'secret' });
    const applicationName = uniqueName('failover');
    const options = {
      store: 'redis' as const,
      applicationName,
      accessKey: 'secret',
      sentinel: { name: group.name, sentinels: group.addresses },
      operationTimeoutInMilliseconds: OPERATION_TIMEOUT,
      lock: { leaseInMilliseconds: LEASE },
    };
    apps = await Promise.all(
      platforms.map((platform) => startApp(platform, { controllers: [VisitController], options })),
    );
    const arrive = (index: number) => new Visitor(apps[index % apps.length]!.browser()).arrive();
    visitors = await Promise.all(Array.from({ length: 8 }, (_, index) => arrive(index)));
    gone = await arrive(0);
    await gone.leave();

    await loadDuring(visitors, async () => {
      const master = await group.master();
      atTheKill = visitors.map(({ acknowledged }) => ({ ...acknowledged }));
      await replicated(master, 2);
      await group.failover();
    });
    console.log(`Sentinel failover: ${summary(visitors)}`);
  }, 60_000);
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await group?.stop();
  });

  it('every session is served again without intervention', async () => {
    const ids = await Promise.all(visitors.map(async (visitor) => (await visitor.read()).id));
    expect(ids).toEqual(visitors.map(({ id }) => id));
    for (const { statuses } of visitors) expect(statuses.at(-1)).toBe(201);
  });

  it('what the replicas had received is kept', async () => {
    const found = await Promise.all(visitors.map((visitor) => visitor.read()));
    found.forEach(({ visits, orders }, index) => {
      expect(visits).toBeGreaterThanOrEqual(atTheKill[index]!.visits);
      expect(orders).toBeGreaterThanOrEqual(atTheKill[index]!.orders);
    });
  });

  it('a session that had ended before stays ended', async () => {
    await expect(gone.read()).rejects.toThrow('410');
  });

  it('every request is answered within its bound, with 503 if it fails', () => {
    for (const { longestRequest, statuses } of visitors) {
      expect(longestRequest).toBeLessThan(BOUND);
      expect(statuses.filter((status) => ![201, 503].includes(status))).toEqual([]);
    }
  });
});
