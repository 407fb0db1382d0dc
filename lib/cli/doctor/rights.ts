import type { RedisSessionOptions } from '../../options/redis-session.options.js';
import { CommandRights, type Right } from '../../redis/command-rights.js';
import { neededCommands, type SessionUse } from '../../redis/needed-commands.js';
import type { CheckedServer } from './checked-server.js';
import type { Finding, FindingStatus } from './finding.js';

/** Whether the user may run what sessions need, one finding for each use. */
export async function checkRights(server: CheckedServer, options: RedisSessionOptions): Promise<Finding[]> {
  const needed = neededCommands(options.applicationName, options.databaseId);
  const rights = new CommandRights(server.redis);
  const findings: Finding[] = [];
  for (const use of Object.keys(needed) as SessionUse[]) {
    if (!mayBeUsed(use, options)) continue;
    const commands = needed[use];
    // oxlint-disable-next-line no-await-in-loop -- a few commands at a time
    const found = await server.within(rights.of(commands));
    const names = commands.map(({ command }) => nameOf(command));
    findings.push(finding(use, names, found));
  }
  return findings;
}

// Code may turn on what the environment does not show: such a right is only worth a warning.
function mayBeUsed(
  use: SessionUse,
  { cluster, databaseId, maxSessionsPerUser, retryTimeoutInMilliseconds }: RedisSessionOptions,
): boolean {
  if (use === 'a Cluster') return cluster !== undefined;
  if (use === 'databaseId') return databaseId !== 0;
  if (use === 'maxSessionsPerUser') return maxSessionsPerUser !== undefined;
  return use !== 'retries, or client' || retryTimeoutInMilliseconds > 0;
}

function finding(use: SessionUse, names: readonly string[], rights: readonly Right[]): Finding {
  const name = `rights for ${use}`;
  const that = (right: Right): string => names.filter((_, place) => rights[place] === right).join(', ');
  const [refused, absent, unknown] = [that('refused'), that('absent'), that('unknown')];
  if (refused === '' && absent === '' && unknown === '')
    return { name, status: 'ok', seen: `may run ${names.join(', ')}`, todo: '' };
  const isSure = !['session.user', 'destroyAll(), the command line', 'exclusive routes'].includes(use);
  const status: FindingStatus = refused === '' && absent === '' ? 'unknown' : isSure ? 'problem' : 'warning';
  const seen = [
    refused && `may not run ${refused}, or not on the keys of this application`,
    absent && `the server does not have ${absent}`,
    unknown && `could not check ${unknown}`,
  ];
  const todo = [
    refused && `Give the user the rights of the row "${use}" in docs/redis.md.`,
    absent && 'Use a service that allows these commands.',
  ];
  return { name, status, seen: seen.filter(Boolean).join('; '), todo: todo.filter(Boolean).join(' ') };
}

function nameOf([name = '', subcommand = '']: readonly string[]): string {
  return ['CLUSTER', 'CLIENT'].includes(name) ? `${name} ${subcommand}` : name;
}
