import type { Cluster, Redis } from 'ioredis';
import { Deadline } from './deadline.js';
import { isReply } from './redis-failure.js';
import type { RedisClient } from './session-scripts.js';

/**
 * Replaces connections on which Redis does not answer any more: a line can be cut without a word to either side, and the
 * kernel gives it up after minutes. Works with every version of ioredis; of its own `socketTimeout` a stall of the event
 * loop makes an outage.
 */
export class SilentConnections {
  readonly #deadline: Deadline;
  #asking = false;

  constructor(
    private readonly client: RedisClient,
    private readonly milliseconds: number,
  ) {
    this.#deadline = new Deadline(milliseconds);
  }

  /** Asks every connection for a sign of life, and closes those that give none. They are opened again by the client. */
  async replace(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const { client } = this;
    await Promise.all((client.isCluster ? (client as Cluster).nodes() : [client as Redis]).map(this.#ask));
    this.#asking = false;
  }

  readonly #ask = async (connection: Redis): Promise<void> => {
    if (connection.status !== 'ready') return;
    const { stream } = connection;
    const { bytesRead } = stream;
    try {
      await this.#deadline.limit(connection.ping());
    } catch (error) {
      // A long reply that is still coming in is an answer, too.
      if (!isReply(error) && stream.bytesRead === bytesRead)
        stream.destroy(new Error(`Redis has not answered for ${2 * this.milliseconds} ms`));
    }
  };
}
