import type { RedisCommands } from './redis-commands.js';

interface Touch {
  readonly key: string;
  readonly idleTimeoutInMilliseconds: number;
  readonly expiresAt: number | undefined;
}

/**
 * Slides the expiry of sessions. Every request that reads one does, so those of one turn of the event loop are one
 * operation with one deadline.
 */
export class RedisTouches {
  #touches: Touch[] = [];
  #sent: Promise<readonly number[]> | undefined;

  constructor(private readonly commands: RedisCommands) {}

  /** @returns `false` where there is no such session. */
  async touch(
    key: string,
    idleTimeoutInMilliseconds: number,
    expiresAt: number | undefined,
  ): Promise<boolean> {
    const touch = { key, idleTimeoutInMilliseconds, expiresAt };
    // Each node of a cluster fails on its own.
    if (this.commands.client.isCluster) return (await this.#send([touch]))[0] === 1;
    const place = this.#touches.push(touch) - 1;
    this.#sent ??= Promise.resolve().then(this.#sendAll);
    return (await this.#sent)[place] === 1;
  }

  readonly #sendAll = (): Promise<readonly number[]> => {
    const touches = this.#touches;
    this.#touches = [];
    this.#sent = undefined;
    return this.#send(touches);
  };

  #send(touches: readonly Touch[]): Promise<readonly number[]> {
    return this.commands.send('touch', () => Promise.all(touches.map(this.#slide)));
  }

  readonly #slide = ({ key, idleTimeoutInMilliseconds, expiresAt }: Touch): Promise<number> => {
    const { client } = this.commands;
    const slide = client.pexpire(key, idleTimeoutInMilliseconds);
    if (expiresAt === undefined) return slide;
    // Sent together: the deadline caps what the slide has just set, by Redis's own clock.
    return Promise.all([slide, client.pexpireat(key, expiresAt, 'LT')]).then(([found]) => found);
  };
}
