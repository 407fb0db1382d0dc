import type { OldSession, OldSessions } from './session-migration.js';
import type { RedisCommands } from '../redis/redis-commands.js';

/** Reads the sessions of connect-redis: JSON in `<prefix><id>`, with express-session's cookie among the attributes. */
export class ConnectRedisRecords implements OldSessions {
  constructor(
    private readonly commands: RedisCommands,
    private readonly prefix: string,
  ) {}

  async find(id: string): Promise<OldSession | undefined> {
    const text = await this.commands.send('load', () => this.commands.client.get(this.prefix + id));
    return text === null ? undefined : read(text);
  }

  async remove(id: string): Promise<void> {
    await this.commands.send('destroy', () => this.commands.client.del(this.prefix + id));
  }
}

interface Cookie {
  readonly originalMaxAge?: unknown;
  readonly expires?: unknown;
}

// A malformed record counts as no session, as it did for express-session.
function read(text: string): OldSession | undefined {
  let record: unknown;
  try {
    record = JSON.parse(text);
  } catch {
    return undefined;
  }
  const { cookie, ...attributes } = (record ?? {}) as Record<string, unknown>;
  if (typeof cookie !== 'object' || cookie === null) return undefined;
  const { originalMaxAge, expires } = cookie as Cookie;
  if (typeof expires === 'string' && Date.parse(expires) <= Date.now()) return undefined;
  const hasMaxAge = typeof originalMaxAge === 'number' && originalMaxAge > 0;
  return { attributes, idleTimeoutInSeconds: hasMaxAge ? Math.ceil(originalMaxAge / 1000) : undefined };
}
