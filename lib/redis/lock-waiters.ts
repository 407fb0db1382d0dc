import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { Deadline } from './deadline.js';
import type { SessionKeys } from './session-keys.js';
import type { RedisClient } from './session-scripts.js';

// Without a connection to listen on there is still the look every now and then.
const listenWithin = new Deadline(500);

/** One who waits for its turn. */
class Waiter {
  #called = false;
  #wake: (() => void) | undefined;

  call(): void {
    this.#called = true;
    this.#wake?.();
  }

  /** Waits to be called, but no longer than this. @returns whether it was called since it last asked. */
  async called(milliseconds: number): Promise<boolean> {
    if (!this.#called) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, milliseconds);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    const called = this.#called;
    this.#called = false;
    return called;
  }
}

/**
 * Hears which requests of this process have got a lock that they stood in line for: one channel for all of them, on a
 * connection of its own that is made when one first has to wait for another process.
 */
export class LockTurns {
  /** Where this process is told. */
  readonly channel: string;
  readonly #waiters = new Map<string, Waiter>();
  #subscriber: RedisClient | undefined;
  #listening: Promise<unknown> | undefined;
  #closed = false;

  constructor(
    private readonly client: RedisClient,
    keys: SessionKeys,
  ) {
    this.channel = keys.turns(randomBytes(8).toString('base64url'));
  }

  /** Listens from now on. Resolves in any case: Redis may not let us. */
  async listen(): Promise<void> {
    if (this.#closed) return;
    this.#listening ??= this.#subscribe();
    await listenWithin.limit(this.#listening).catch(() => undefined);
  }

  expect(token: string): Waiter {
    const waiter = new Waiter();
    this.#waiters.set(token, waiter);
    return waiter;
  }

  forget(token: string): void {
    this.#waiters.delete(token);
  }

  close(): void {
    this.#closed = true;
    this.#subscriber?.disconnect();
  }

  async #subscribe(): Promise<void> {
    try {
      this.#subscriber ??= this.#connect();
      await this.#subscriber.subscribe(this.channel);
    } catch {
      this.#listening = undefined;
    }
  }

  #connect(): RedisClient {
    const subscriber = duplicate(this.client);
    // The client that sessions are stored through tells the same, where somebody listens.
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel: string, token: string) => this.#waiters.get(token)?.call());
    return subscriber;
  }
}

// It has nothing to say and may hear nothing for hours, and it comes back by itself.
const listener = {
  lazyConnect: false,
  enableOfflineQueue: true,
  autoResubscribe: true,
  maxRetriesPerRequest: null,
  socketTimeout: undefined,
};

function duplicate(client: RedisClient): RedisClient {
  return client.isCluster
    ? (client as Cluster).duplicate([], {
        lazyConnect: false,
        enableOfflineQueue: true,
        redisOptions: listener,
      })
    : (client as Redis).duplicate(listener);
}
