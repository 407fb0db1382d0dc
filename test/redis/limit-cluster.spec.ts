import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisSessionStore, SessionLimitError, type SessionRepository } from 'nestjs-redis-session';
import { idsOf, login } from '../repository/users-fixture.js';
import { repositoryOf } from '../session/session-fixture.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { uniqueName } from '../support/unique-name.js';

describe('a limit of sessions in a cluster that moves the slot of the list', () => {
  let cluster: RedisCluster;
  let applicationName: string;
  const stores: RedisSessionStore[] = [];
  beforeAll(async () => {
    cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
  });
  beforeEach(() => {
    applicationName = uniqueName('shop');
  });
  afterAll(async () => {
    for (const store of stores) store.close();
    await cluster?.stop();
  });

  /** The repository of another process. */
  function refusing(): SessionRepository {
    const options = { operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 };
    const store = new RedisSessionStore(cluster.client(), { applicationName, ...options });
    stores.push(store);
    return repositoryOf(store, { maxSessionsPerUser: 2, onSessionLimit: 'refuse' });
  }
  const list = () => `{${applicationName}_42}_Sessions`;

  async function beginToMove() {
    const to = await cluster.otherMaster(await cluster.masterOf(list()));
    return cluster.beginMigration(await cluster.slotOf(list()), to);
  }

  it.each([
    ['has not been moved', 0],
    ['has been moved', 1_000],
  ])('holds while the list %s', async (_, moved) => {
    const [one, two] = [refusing(), refusing()];
    await login(one, '42');
    const migration = await beginToMove();
    await migration.moveKeys(moved);
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, (_unused, n) => login(n % 2 === 0 ? one : two, '42')),
    );
    const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refused.filter((reason) => !(reason instanceof SessionLimitError))).toEqual([]);
    expect(refused).toHaveLength(19);
    expect(await idsOf(two, '42')).toHaveLength(2);
    await migration.finish();
    await expect(login(one, '42')).rejects.toBeInstanceOf(SessionLimitError);
    expect(await idsOf(two, '42')).toHaveLength(2);
  });

  it('holds while the slot moves during logins', async () => {
    const processes = [refusing(), refusing()];
    const moves = beginToMove().then((migration) => migration.finish());
    const outcomes = await Promise.allSettled(
      Array.from({ length: 50 }, (_, n) => login(processes[n % 2]!, '42')),
    );
    await moves;
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    expect(await idsOf(processes[0]!, '42')).toHaveLength(2);
  }, 30_000);
});
