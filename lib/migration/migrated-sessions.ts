import type { RedisCommands } from '../redis/redis-commands.js';
import type { SessionKeys } from '../redis/session-keys.js';

/**
 * Remembers which sessions took the place of an old one, beyond their end: the old application may write an old record
 * again, and a logout must win over that too.
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
   * Remembers a session for at least as long as it may live.
   * @returns when the first session of this id began: another time than `createdAt` if that session has ended since
   */
  async add(id: string, createdAt: number, lifeInSeconds: number): Promise<number> {
    const { client } = this.commands;
    const key = this.keys.migrated(id);
    const seconds = Math.max(lifeInSeconds, this.leastLifeInSeconds);
    const added = await this.commands.send('save', () => client.set(key, createdAt, 'EX', seconds, 'NX'));
    return added === 'OK' ? createdAt : Number(await this.commands.send('load', () => client.get(key)));
  }
}
