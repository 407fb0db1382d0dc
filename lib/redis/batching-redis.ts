import { Redis, type RedisOptions } from 'ioredis';

// With more commands in one write, requests wait for each other: writing whole turns at once costs a third of the
// throughput if Redis is 0.5 ms away. With fewer, batching gains little.
const MOST_COMMANDS = 16;

/**
 * A client that sends the commands of one event-loop turn in few writes. ioredis writes each command separately, and every
 * write costs this process a system call and Redis a read.
 */
export class BatchingRedis extends Redis {
  #held: Redis['stream'] | undefined;
  #commands = 0;
  #isBusy = false;

  constructor(options: RedisOptions) {
    super(options as RedisOptions & { replyMapping?: 'legacy' });
  }

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    if (this.status === 'ready') this.#hold();
    return super.sendCommand(...args);
  }

  #hold(): void {
    const place = this.#commands++;
    if (place === 0) {
      setImmediate(this.#endTurn);
      // After a turn with a single command, the next one is probably alone, too: it is sent at once.
      if (!this.#isBusy) return;
    }
    // After a reconnect in the same turn, #held is the old stream.
    if (this.#held !== this.stream) this.#cork();
    else if (place % MOST_COMMANDS === 0) this.#flush();
  }

  #cork(): void {
    this.#held = this.stream;
    this.#held.cork();
  }

  #flush(): void {
    this.#held!.uncork();
    this.#held!.cork();
  }

  readonly #endTurn = (): void => {
    this.#isBusy = this.#commands > 1;
    this.#commands = 0;
    this.#held?.uncork();
    this.#held = undefined;
  };
}
