import type { RedisServer } from '../support/redis-server.js';
import { table } from '../readme/readme.js';

/** The rows of the documented table of permissions. */
export type Use =
  | 'sessions'
  | '`session.user`'
  | '`maxSessionsPerUser`'
  | '`destroyAll()`, the command line'
  | '`events`'
  | '`exclusive` routes'
  | '`touch: false`'
  | 'retries, or `client`'
  | 'a Cluster'
  | '`databaseId`'
  | '`migrateFrom`'
  | 'Redis 7.2 or later';

export const user = { username: 'shop', accessKey: 'password' };

/** The documented ACL rules for an application with these uses. */
export function rulesFor(...uses: Use[]): string[] {
  const rows = new Map(
    table('docs/redis.md', 'The application uses').map(([use = '', rules = '']) => [use, rules]),
  );
  return uses.flatMap((use) => rows.get(use)!.replaceAll('`', '').replaceAll('\\|', '|').split(' '));
}

/** The commands that the rules allow. */
export function commandsIn(rules: string[]): string[] {
  return rules.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1));
}

/** Makes the user, with the permissions that newer servers need in addition. */
export async function allow(server: RedisServer, rules: string[]): Promise<void> {
  const [setInfo] = (await server.admin.call('COMMAND', 'INFO', 'client|setinfo')) as unknown[];
  const newer = setInfo ? rulesFor('Redis 7.2 or later') : [];
  await server.admin.call('ACL', 'SETUSER', user.username, 'reset', ...rules, ...newer);
  await server.admin.call('ACL', 'LOG', 'RESET');
}

/** What Redis refused to the user: `command ping`, `key {shop_…}_Data`. Empty if the permissions suffice. */
export async function refusals(server: RedisServer): Promise<string[]> {
  const entries = (await server.admin.call('ACL', 'LOG')) as unknown[][];
  return entries.map((flat) => {
    const entry = new Map(Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i], flat[2 * i + 1]]));
    return `${String(entry.get('reason'))} ${String(entry.get('object'))}`;
  });
}
