import type { Cluster, Redis } from 'ioredis';
import { Deadline } from './deadline.js';
import { isReply } from './redis-failure.js';
import type { RedisClient } from './session-scripts.js';

/**
 * Replaces connections on which Redis no longer answers. A network can drop a connection without telling either side, and
 * the kernel detects that only after minutes. The `socketTimeout` of ioredis is no substitute: it takes a stall of the
 * event loop for an outage.
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

  /** Sends a PING on every connection and closes those that do not answer. The client then reconnects. */
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
      // A long reply that is still arriving counts as an answer.
      if (!isReply(error) && stream.bytesRead === bytesRead)
        stream.destroy(new Error(`Redis has not answered for ${2 * this.milliseconds} ms`));
    }
  };
}
