import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { RedisServer } from '../support/redis-server.js';
import { createdIn, withConnection, type Connected } from './redis-fixture.js';

const OPERATION_TIMEOUT = 1000;

/** Blocks the event loop for longer than an operation may take. */
function stall(): void {
  const until = performance.now() + 1.5 * OPERATION_TIMEOUT;
  while (performance.now() < until);
}

describe('when the event loop stalls for longer than operationTimeoutInMilliseconds', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await RedisServer.start();
  });
  afterAll(() => server.stop());

  /** Starts 50 saves of a session, blocks the event loop, and returns the outcomes. */
  function save50(stallAfter: () => Promise<void>): Promise<string[]> {
    const options = {
      port: server.port,
      operationTimeoutInMilliseconds: OPERATION_TIMEOUT,
      connectionTimeoutInMilliseconds: 10 * OPERATION_TIMEOUT,
    };
    return withConnection(options, async ({ store }: Connected) => {
      const { id } = await createdIn(store);
      const saves = Array.from({ length: 50 }, (_, n) =>
        store.save(id, {
          attributes: new Map([[`a${n}`, '1']]),
          defaultIdleTimeoutInMilliseconds: 600_000,
        }),
      );
      await stallAfter();
      stall();
      const outcomes = await Promise.allSettled(saves);
      return outcomes.map((outcome) => (outcome.status === 'fulfilled' ? outcome.value : 'rejected'));
    });
  }

  const allSaved = Array.from({ length: 50 }, () => 'saved');

  it('replies that arrived meanwhile are accepted', async () => {
    expect(await save50(() => turn())).toEqual(allSaved);
  });

  it('commands that had not been sent yet are executed', async () => {
    expect(await save50(async () => undefined)).toEqual(allSaved);
  });
});
