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

  constructor(options: RedisOptions) {
    super(options as RedisOptions & { replyMapping?: 'legacy' });
  }

  override sendCommand(...args: Parameters<Redis['sendCommand']>): unknown {
    if (this.status === 'ready') this.#hold();
    return super.sendCommand(...args);
  }

  #hold(): void {
    if (this.#held !== this.stream) this.#begin();
    else if (this.#commands === MOST_COMMANDS) this.#flush();
    this.#commands++;
  }

  #begin(): void {
    // After a reconnect in the same turn, #held is the old stream and #release is already scheduled.
    if (this.#held === undefined) setImmediate(this.#release);
    this.#held = this.stream;
    this.#held.cork();
    this.#commands = 0;
  }

  #flush(): void {
    this.#held!.uncork();
    this.#held!.cork();
    this.#commands = 0;
  }

  readonly #release = (): void => {
    this.#held!.uncork();
    this.#held = undefined;
  };
}
