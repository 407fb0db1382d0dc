import type { Redis } from 'ioredis';
import type { NeededCommand } from './needed-commands.js';
import { isReply } from './redis-failure.js';
import { luaSources } from './lua/sources.js';

/** Whether the user of a connection may run a command. `absent`: the server does not have it. */
export type Right = 'allowed' | 'refused' | 'absent' | 'unknown';

/**
 * Finds out what the user of a connection may do, without doing it. A script can ask for the rights of its own user; if it
 * cannot, `ACL DRYRUN` can; if that is refused, commands are sent in forms that change nothing.
 */
export class CommandRights {
  constructor(private readonly redis: Redis) {}

  async of(commands: readonly NeededCommand[]): Promise<Right[]> {
    return (await this.#askScript(commands)) ?? (await this.#dryRun(commands)) ?? (await this.#try(commands));
  }

  async #askScript(commands: readonly NeededCommand[]): Promise<Right[] | undefined> {
    const asked = commands.map(({ command }) => JSON.stringify(command));
    const reply = await this.redis.eval(luaSources['check-rights'], 0, ...asked).catch(onlyReplies);
    if (!Array.isArray(reply)) return undefined;
    return reply.map((right) => (right === 1 ? 'allowed' : right === 0 ? 'refused' : 'absent'));
  }

  async #dryRun(commands: readonly NeededCommand[]): Promise<Right[] | undefined> {
    const user = await this.redis.call('ACL', 'WHOAMI').catch(onlyReplies);
    if (typeof user !== 'string') return undefined;
    const replies = await Promise.all(
      commands.map(({ command }) => this.redis.call('ACL', 'DRYRUN', user, ...command).catch(messageOfReply)),
    );
    if (replies.some(isRefusal)) return undefined;
    return replies.map((reply) => {
      if (reply === 'OK') return 'allowed';
      return /^ERR Command .* not found/.test(String(reply)) ? 'absent' : 'refused';
    });
  }

  #try(commands: readonly NeededCommand[]): Promise<Right[]> {
    return Promise.all(
      commands.map(async ({ command: [name = '', ...args], isHarmless }): Promise<Right> => {
        if (!isHarmless) return 'unknown';
        const reply = await this.redis.call(name, ...args).catch(messageOfReply);
        if (isRefusal(reply)) return 'refused';
        return /^ERR unknown (sub)?command/i.test(String(reply)) ? 'absent' : 'allowed';
      }),
    );
  }
}

function isRefusal(reply: unknown): boolean {
  return typeof reply === 'string' && reply.startsWith('NOPERM');
}

// A lost connection must not look like a refusal.
function onlyReplies(error: unknown): undefined {
  if (!isReply(error)) throw error;
}

function messageOfReply(error: unknown): string {
  if (!isReply(error)) throw error;
  return error.message;
}
