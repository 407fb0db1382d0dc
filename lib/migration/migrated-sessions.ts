import type { RedisCommands } from '../redis/redis-commands.js';
import type { SessionKeys } from '../redis/session-keys.js';

/**
 * Remembers which sessions replaced an old one, even after they ended: the old application may write the old record again,
 * and that must not undo a logout.
 */
export class MigratedSessions {
  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: Pick<SessionKeys, 'migrated'>,
    private readonly leastLifeInSeconds: number,
  ) {}

  async has(id: string): Promise<boolean> {
    const { client } = this.commands;
    return (await this.commands.send('load', () => client.exists(this.keys.migrated(id)))) === 1;
  }

  /**
   * Remembers a session at least until it expires.
   * @returns when the first session of this id was created; not `createdAt` if that session has ended in the meantime
   */
  async add(id: string, createdAt: number, lifeInSeconds: number): Promise<number> {
    const { client } = this.commands;
    const key = this.keys.migrated(id);
    const seconds = Math.max(lifeInSeconds, this.leastLifeInSeconds);
    const added = await this.commands.send('save', () => client.set(key, createdAt, 'EX', seconds, 'NX'));
    return added === 'OK' ? createdAt : Number(await this.commands.send('load', () => client.get(key)));
  }
}
