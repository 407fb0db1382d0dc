import { randomBytes } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import type { LockRequest } from '../session/session-store.js';
import { WaitingQueues } from '../session/waiting-queue.js';
import { Deadline } from './deadline.js';
import type { RedisCommands } from './redis-commands.js';
import { isReply } from './redis-failure.js';
import type { SessionKeys } from './session-keys.js';
import type { RedisClient } from './session-scripts.js';

// How often a waiter checks the lock itself, in case a notification is lost or the holder is killed.
const LOOK_EVERY_MILLISECONDS = 500;

// The right to subscribe is not refused, and the next connection gets another token.
const NO_PASSWORD = /^(NOAUTH|WRONGPASS)/;

// A waiter does not need the subscription: it also polls.
const listenWithin = new Deadline(LOOK_EVERY_MILLISECONDS);

/** The reply of `wait.lua`, and what was read with it. */
export type Look = readonly [place: number, fields?: string[] | undefined];

/**
 * Notifies the waiters of this process when they get a lock. They share one channel on a separate connection, which is
 * opened when a request first waits for a lock.
 */
export class LockWaiters {
  /** The channel on which this process is notified. */
  readonly channel: string;
  // One queue per token, each with one waiter.
  readonly #waiters = new WaitingQueues();
  readonly #deadline: Deadline;
  #subscriber: RedisClient | undefined;
  #subscribing: Promise<void> | undefined;
  #listens = false;
  #askedAt = -Infinity;
  #closed = false;

  constructor(
    private readonly commands: RedisCommands,
    keys: SessionKeys,
  ) {
    this.channel = keys.turns(randomBytes(8).toString('base64url'));
    this.#deadline = new Deadline(commands.options.operationTimeoutInMilliseconds);
    commands.watch?.credentials?.onRenewal(() => void this.#replace());
  }

  /**
   * Waits in the queue of a lock.
   * @param look takes the lock or enters its queue; gets whether this waiter was notified that it holds the lock
   * @returns the last look, which is the end of the wait; `undefined` if the time is over or the signal was aborted.
   */
  async turn(
    { token, waitInMilliseconds, signal }: LockRequest,
    look: (notified: boolean) => Promise<Look>,
  ): Promise<Look | undefined> {
    const deadline = performance.now() + waitInMilliseconds;
    await this.#listen();
    const waiter = this.#waiters.enter(token);
    let notified = false;
    try {
      for (;;) {
        const looked = await look(notified);
        if (looked[0] >= 0) return looked;
        const left = deadline - performance.now();
        if (left <= 0) return undefined;
        notified = await waiter.notified(
          Math.min(left, LOOK_EVERY_MILLISECONDS, Math.max(10, 1 - looked[0])),
          signal,
        );
        if (signal?.aborted) return undefined;
        if (!notified) this.#check();
      }
    } finally {
      this.#waiters.leave(token, waiter);
    }
  }

  close(): void {
    this.#closed = true;
    this.#subscriber?.disconnect();
  }

  // Never rejects, because Redis may refuse the subscription.
  async #listen(): Promise<void> {
    if (!this.#listens) await listenWithin.limit(this.#subscribe()).catch(() => undefined);
  }

  // From time to time, in case the connection was dropped without notice.
  #check(): void {
    if (performance.now() - this.#askedAt >= LOOK_EVERY_MILLISECONDS) void this.#subscribe();
  }

  #subscribe(): Promise<void> {
    return (this.#subscribing ??= this.#ask().finally(() => (this.#subscribing = undefined)));
  }

  // Subscribing again is a harmless health check; a cluster client cannot PING its subscriber connection.
  async #ask(): Promise<void> {
    if (this.#closed) return;
    this.#askedAt = performance.now();
    const subscriber = (this.#subscriber ??= this.#connect());
    try {
      await this.#deadline.limit(subscriber.subscribe(this.channel));
      this.#listens = true;
    } catch (error) {
      this.#listens = false;
      if (isReply(error) && !NO_PASSWORD.test(error.message))
        return this.commands.watch?.subscriptionRefused(error);
      subscriber.disconnect();
      this.#subscriber = undefined;
    }
  }

  #connect(): RedisClient {
    const subscriber = duplicate(this.commands.client);
    this.commands.watch?.credentials?.attach(subscriber);
    // The main client reports the same errors.
    subscriber.on('error', () => undefined);
    // The next waiter subscribes again.
    subscriber.on('close', () => {
      if (subscriber === this.#subscriber) this.#listens = false;
    });
    subscriber.on('message', (_channel: string, token: string) => this.#waiters.notifyFirst(token));
    subscriber.connect().catch(() => undefined);
    return subscriber;
  }

  // A connection with a subscription cannot send AUTH in every protocol.
  async #replace(): Promise<void> {
    await this.#subscribing;
    const old = this.#subscriber;
    if (old === undefined || this.#closed) return;
    this.#subscriber = undefined;
    await this.#subscribe();
    old.disconnect();
  }
}

// The connection can be idle for hours, and it reconnects by itself.
const listener = {
  lazyConnect: true,
  enableOfflineQueue: true,
  // The client would subscribe again without handling the rejection, which ends the process if the connection is given up
  // meanwhile. `#check` subscribes again.
  autoResubscribe: false,
  maxRetriesPerRequest: null,
  socketTimeout: undefined,
  disconnectTimeout: 500,
};

function duplicate(client: RedisClient): RedisClient {
  return client.isCluster
    ? (client as Cluster).duplicate([], {
        lazyConnect: true,
        enableOfflineQueue: true,
        redisOptions: listener,
      })
    : (client as Redis).duplicate(listener);
}
