import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import type { Redis } from 'ioredis';
import { RedisSessionStore, SessionStoreUnavailableError } from 'nestjs-redis-session';
import { retry, type RetryClock } from '../../lib/redis/retry.js';

/** The start times of the attempts of an operation that always fails after `takes` ms, in ms after the first. */
async function attemptsOf(interval: number, takes = 0, failures = Infinity): Promise<number[]> {
  let now = 5_000;
  const began: number[] = [];
  const clock: RetryClock = {
    now: () => now,
    sleep: async (milliseconds) => {
      now += milliseconds;
    },
  };
  const attempt = async () => {
    began.push(now - 5_000);
    now += takes;
    if (began.length <= failures) throw new Error(`failure ${began.length}`);
  };
  await attempt().catch((failure: unknown) =>
    retry(attempt, failure, 5_000, interval, () => true, clock).catch(() => undefined),
  );
  return began;
}

describe('a failed operation is retried after 20 ms, then every second, until retryTimeoutInMilliseconds', () => {
  it.each<[interval: number, attempts: number[]]>([
    [10, [0, 10]],
    [20, [0, 20]],
    [21, [0, 20, 21]],
    [1500, [0, 20, 1020, 1500]],
    [5000, [0, 20, 1020, 2020, 3020, 4020, 5000]],
  ])('has passed, and one last time then: %d ms', async (interval, attempts) => {
    expect(await attemptsOf(interval)).toEqual(attempts);
  });

  it.each<[interval: number, takes: number, attempts: number[]]>([
    [10, 300, [0, 300]],
    [1500, 300, [0, 320, 1500]],
    [1500, 1000, [0, 1020, 2020]],
    [5000, 1000, [0, 1020, 3020, 5000]],
    [5000, 1990, [0, 2010, 5000]],
    [5000, 6000, [0, 6000]],
  ])('also if it takes time to fail: %d ms, each attempt %d ms', async (interval, takes, attempts) => {
    expect(await attemptsOf(interval, takes)).toEqual(attempts);
  });

  it.each([1, 2, 3])('and not after it has succeeded, after %d failures', async (failures) => {
    expect(await attemptsOf(5000, 0, failures)).toEqual([0, 20, 1020, 2020].slice(0, failures + 1));
  });

  it('and fails with the last error', async () => {
    const clock = { now: () => 0, sleep: async () => undefined };
    const failures = ['second', 'third'].map((message) => new Error(message));
    const next = () => Promise.reject(failures.shift()!);
    await expect(retry(next, new Error('first'), 0, 21, () => failures.length > 0, clock)).rejects.toThrow(
      'third',
    );
  });

  it('and not after an error that cannot be temporary, on any attempt', async () => {
    const clock = { now: () => 0, sleep: async () => undefined };
    const second = jest.fn(() => Promise.reject(new Error('stays')));
    await expect(retry(second, new Error('stays'), 0, 5000, isRetryable, clock)).rejects.toThrow('stays');
    expect(second).toHaveBeenCalledTimes(0);
    await expect(retry(second, new Error('heals'), 0, 5000, isRetryable, clock)).rejects.toThrow('stays');
    expect(second).toHaveBeenCalledTimes(1);
  });
});

describe('the store, with operationTimeoutInMilliseconds 1000', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it.each<[retry: number, attempts: number[]]>([
    [0, [0]],
    [10, [0, 10]],
    [20, [0, 20]],
    [1500, [0, 20, 1020, 1500]],
    [5000, [0, 20, 1020, 2020, 3020, 4020, 5000]],
  ])('follows the schedule: retryTimeoutInMilliseconds %d', async (interval, attempts) => {
    const { error, began, took } = await load(interval, fails);
    expect(began).toEqual(attempts);
    expect(took).toBe(interval);
    expect(error).toBeInstanceOf(SessionStoreUnavailableError);
  });

  it.each<[retry: number, attempts: number[], took: number]>([
    [0, [0], 1000],
    [10, [0, 1000], 2000],
    [1500, [0, 1020, 2020], 3020],
    [5000, [0, 1020, 3020, 5000], 6000],
  ])(
    'gives each attempt the whole operation timeout if Redis does not reply: %d',
    async (interval, attempts, took) => {
      const outcome = await load(interval, hangs);
      expect(outcome.began).toEqual(attempts);
      expect(outcome.took).toBe(took);
    },
  );

  it.each<[retry: number, says: string]>([
    [0, 'The session store failed to load a session (tried once): connect ECONNREFUSED 127.0.0.1:6379'],
    [20, 'The session store failed to load a session (tried 2 times): connect ECONNREFUSED 127.0.0.1:6379'],
    [1500, 'The session store failed to load a session (tried 4 times): connect ECONNREFUSED 127.0.0.1:6379'],
  ])('reports the operation, the attempts and the reason: %d', async (interval, says) => {
    const { error } = await load(interval, fails);
    expect(error).toMatchObject({ message: says, code: 'SESSION_STORE_UNAVAILABLE', statusCode: 503 });
  });

  it('reports how long it waited for a reply', async () => {
    const { error } = await load(0, hangs);
    expect(error).toMatchObject({
      message: 'The session store failed to load a session (tried once): no answer within 1000 ms',
    });
  });

  it('leaves no timer behind', async () => {
    await load(1500, fails);
    await load(20, hangs);
    expect(jest.getTimerCount()).toBe(0);
  });
});

/** The error and the start times of the attempts of a load, with a client that replies like this. */
async function load(retryTimeoutInMilliseconds: number, answer: () => Promise<never>) {
  const began: number[] = [];
  const startedAt = performance.now();
  // In tens: a deadline that is due lets the sockets be read before it expires, which takes a turn.
  const since = () => Math.floor((performance.now() - startedAt) / 10) * 10;
  const client = {
    options: {},
    call: () => {
      began.push(since());
      return answer();
    },
  } as unknown as Redis;
  const store = new RedisSessionStore(client, {
    applicationName: 'shop',
    operationTimeoutInMilliseconds: 1000,
    retryTimeoutInMilliseconds,
  });
  let took: number | undefined;
  const loading = store
    .load('x'.repeat(22))
    .catch((error: unknown) => error as SessionStoreUnavailableError)
    .finally(() => (took = since()));
  await jest.advanceTimersByTimeAsync(30_000);
  return { error: await loading, began, took };
}
const fails = () => Promise.reject(new Error('connect ECONNREFUSED 127.0.0.1:6379'));
const hangs = () => new Promise<never>(() => undefined);

const isRetryable = (error: unknown) => (error as Error).message === 'heals';
