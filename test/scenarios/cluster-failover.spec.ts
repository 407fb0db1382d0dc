import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { platforms, startApp, type HttpApp } from '../http/http-app.js';
import { RedisCluster } from '../support/redis-cluster.js';
import type { RedisServer } from '../support/redis-server.js';
import { replicated } from '../support/replicated.js';
import { uniqueName } from '../support/unique-name.js';
import { loadDuring, summary, Visitor, VisitController } from './visit-load.js';

const OPERATION_TIMEOUT = 500;
const RETRY_TIMEOUT = 2_000;
// Load, lock, read under the lock, save and unlock, on a busy machine.
const BOUND = 5 * (2 * OPERATION_TIMEOUT + RETRY_TIMEOUT) + 3_000;

describe('sessions in a cluster of three masters and three replicas, under load', () => {
  const applicationName = uniqueName('failover');
  let cluster: RedisCluster;
  let apps: HttpApp[] = [];
  let visitors: Visitor[];

  beforeAll(async () => {
    cluster = await RedisCluster.start({ password: 'secret' });
    const options = {
      store: 'redis' as const,
      applicationName,
      accessKey: 'secret',
      cluster: { nodes: cluster.startupNodes },
      operationTimeoutInMilliseconds: OPERATION_TIMEOUT,
      retryTimeoutInMilliseconds: RETRY_TIMEOUT,
    };
    apps = await Promise.all(
      platforms.map((platform) => startApp(platform, { controllers: [VisitController], options })),
    );
  }, 60_000);
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.close()));
    await cluster?.stop();
  });

  const arrive = (count: number) =>
    Promise.all(
      Array.from({ length: count }, (_, index) => new Visitor(apps[index % apps.length]!.browser()).arrive()),
    );
  const keyOf = ({ id }: Visitor) => `{${applicationName}_${id}}_Data`;

  async function visitorOn(master: RedisServer): Promise<Visitor> {
    const [visitor] = await arrive(1);
    return (await cluster.masterOf(keyOf(visitor!))) === master ? visitor! : visitorOn(master);
  }

  function expectAnswersInTime(): void {
    for (const { longestRequest, statuses } of visitors) {
      expect(longestRequest).toBeLessThan(BOUND);
      expect(statuses.filter((status) => ![201, 503].includes(status))).toEqual([]);
    }
  }

  describe('while their slots are moved to other nodes', () => {
    const moved: Visitor[] = [];

    beforeAll(async () => {
      visitors = await arrive(8);
      moved.push(...visitors.slice(0, 5));
      await loadDuring(visitors, async () => {
        for (const visitor of moved) {
          const from = await cluster.masterOf(keyOf(visitor));
          const migration = await cluster.beginMigration(
            await cluster.slotOf(keyOf(visitor)),
            await cluster.otherMaster(from),
          );
          // Redis answers ASK for new keys, then for keys that have moved, then MOVED.
          await sleep(30);
          await migration.moveKeys();
          await sleep(30);
          await migration.finish();
        }
      });
      console.log(`Slot migration: ${summary(visitors)}`);
    }, 60_000);

    it('loses nothing', async () => {
      for (const visitor of visitors) {
        const { visits, orders } = await visitor.read();
        expect(visitor.lost).toBe(0);
        expect(visits).toBe(visitor.acknowledged.visits + visitor.unknown.visits);
        expect(orders).toBe(visitor.acknowledged.orders + visitor.unknown.orders);
      }
    });

    it('fails no request', () => {
      expect(visitors.flatMap(({ unknown }) => [unknown.visits, unknown.orders]).some(Boolean)).toBe(false);
      expectAnswersInTime();
    });

    it('finds them on their new nodes', async () => {
      for (const visitor of moved) {
        const master = await cluster.masterOf(keyOf(visitor));
        expect(await master.client().exists(keyOf(visitor))).toBe(1);
      }
    });
  });

  describe('when a master dies', () => {
    let atTheKill: { visits: number; orders: number }[];
    let gone: Visitor;

    beforeAll(async () => {
      visitors = await arrive(8);
      const master = await cluster.masterOf(keyOf(visitors[0]!));
      gone = await visitorOn(master);
      await gone.leave();
      await loadDuring(visitors, async () => {
        atTheKill = visitors.map(({ acknowledged }) => ({ ...acknowledged }));
        await replicated(master, 1);
        await cluster.failover(master);
      });
      console.log(`Cluster failover: ${summary(visitors)}`);
    }, 60_000);

    it('every session is served again without intervention', async () => {
      const ids = await Promise.all(visitors.map(async (visitor) => (await visitor.read()).id));
      expect(ids).toEqual(visitors.map(({ id }) => id));
    });

    it('what the replica had received is kept', async () => {
      const found = await Promise.all(visitors.map((visitor) => visitor.read()));
      found.forEach(({ visits, orders }, index) => {
        expect(visits).toBeGreaterThanOrEqual(atTheKill[index]!.visits);
        expect(orders).toBeGreaterThanOrEqual(atTheKill[index]!.orders);
      });
    });

    it('a session that had ended before stays ended', async () => {
      await expect(gone.read()).rejects.toThrow('410');
    });

    it('every request is answered within its bound, with 503 if it fails', expectAnswersInTime);
  });
});
