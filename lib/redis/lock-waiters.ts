import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { type Waiter, WaitingQueues } from '../session/waiting-queue.js';
import { Deadline } from './deadline.js';
import { isReply } from './redis-failure.js';
import type { SessionKeys } from './session-keys.js';
import type { RedisClient } from './session-scripts.js';

/** How often a waiter looks for itself: calls are lost, and holders are killed. */
export const LOOK_EVERY_MILLISECONDS = 500;

// Without a subscription a waiter still looks every now and then.
const listenWithin = new Deadline(LOOK_EVERY_MILLISECONDS);

/**
 * Calls the requests of this process that were given a lock they waited for: one channel for all of them, on a
 * connection of its own that is made when a request first has to wait for another process.
 */
export class LockWaiters {
  /** Where this process is called. */
  readonly channel: string;
  // Each token has a queue of one.
  readonly #waiters = new WaitingQueues();
  readonly #deadline: Deadline;
  #subscriber: RedisClient | undefined;
  #subscribing: Promise<void> | undefined;
  #listens = false;
  #askedAt = -Infinity;
  #closed = false;

  constructor(
    private readonly client: RedisClient,
    keys: SessionKeys,
    operationTimeoutInMilliseconds: number,
  ) {
    this.channel = keys.turns(randomBytes(8).toString('base64url'));
    this.#deadline = new Deadline(operationTimeoutInMilliseconds);
  }

  /** Listens from now on. Resolves in any case: Redis may not let us. */
  async listen(): Promise<void> {
    if (!this.#listens) await listenWithin.limit(this.#subscribe()).catch(() => undefined);
  }

  /** Makes sure, now and then, that the connection still answers: one that was silently dropped hears nothing. */
  check(): void {
    if (performance.now() - this.#askedAt >= LOOK_EVERY_MILLISECONDS) void this.#subscribe();
  }

  expect(token: string): Waiter {
    return this.#waiters.enter(token);
  }

  forget(token: string, waiter: Waiter): void {
    this.#waiters.leave(token, waiter);
  }

  close(): void {
    this.#closed = true;
    this.#subscriber?.disconnect();
  }

  #subscribe(): Promise<void> {
    return (this.#subscribing ??= this.#ask().finally(() => (this.#subscribing = undefined)));
  }

  // Subscribing again changes nothing and is answered; a cluster sends no PING to where it listens.
  async #ask(): Promise<void> {
    if (this.#closed) return;
    this.#askedAt = performance.now();
    const subscriber = (this.#subscriber ??= this.#connect());
    try {
      await this.#deadline.limit(subscriber.subscribe(this.channel));
      this.#listens = true;
    } catch (error) {
      this.#listens = false;
      if (isReply(error)) return;
      subscriber.disconnect();
      this.#subscriber = undefined;
    }
  }

  #connect(): RedisClient {
    const subscriber = duplicate(this.client);
    // The client that sessions are stored through reports the same.
    subscriber.on('error', () => undefined);
    subscriber.on('message', (_channel: string, token: string) => this.#waiters.callFirst(token));
    return subscriber;
  }
}

// It may hear nothing for hours, and it reconnects by itself.
const listener = {
  lazyConnect: false,
  enableOfflineQueue: true,
  autoResubscribe: true,
  maxRetriesPerRequest: null,
  socketTimeout: undefined,
  disconnectTimeout: 500,
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
