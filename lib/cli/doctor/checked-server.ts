import type { Redis } from 'ioredis';
import { Deadline } from '../../redis/deadline.js';
import { isReply } from '../../redis/redis-failure.js';

/** One server that the doctor examines: a single one, or a master of a cluster. */
export class CheckedServer {
  readonly #deadline: Deadline;
  #info: Promise<Map<string, string>> | undefined;

  constructor(
    readonly redis: Redis,
    timeoutInMilliseconds: number,
  ) {
    this.#deadline = new Deadline(timeoutInMilliseconds);
  }

  /** `127.0.0.1:6379`, as the connection has it. */
  get address(): string {
    const { remoteAddress = '?', remotePort = '?' } = this.redis.stream;
    return remoteAddress.includes(':')
      ? `[${remoteAddress}]:${remotePort}`
      : `${remoteAddress}:${remotePort}`;
  }

  /** @throws Error if there is no answer in time */
  within<T>(operation: Promise<T>): Promise<T> {
    return this.#deadline.limit(operation);
  }

  /** A field of INFO. @returns `undefined` if the server does not tell */
  async info(field: string): Promise<string | undefined> {
    return (await (this.#info ??= this.#readInfo())).get(field);
  }

  /** A setting. @returns `undefined` if CONFIG is forbidden */
  async setting(name: string): Promise<string | undefined> {
    const reply = await this.within(this.redis.call('CONFIG', 'GET', name)).catch((error: unknown) => {
      if (!isReply(error)) throw error;
    });
    const [, value] = Array.isArray(reply) ? reply : Object.entries(reply ?? {}).flat();
    return typeof value === 'string' ? value : undefined;
  }

  // Section by section: a few services refuse the form without one.
  async #readInfo(): Promise<Map<string, string>> {
    const sections = ['server', 'memory', 'persistence', 'replication'].map((section) =>
      this.within(this.redis.info(section)).catch((error: unknown) => {
        if (!isReply(error)) throw error;
        return '';
      }),
    );
    const text = (await Promise.all(sections)).join('\n');
    return new Map(
      [...text.matchAll(/^([\w-]+):(.*?)\r?$/gm)].map(([, name = '', value = '']) => [name, value]),
    );
  }
}
