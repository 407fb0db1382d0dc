import type { Cluster, Redis } from 'ioredis';
import type { RedisSessionOptions } from '../../options/redis-session.options.js';
import { firstServer } from '../../redis/connection-hint.js';
import { RedisConnection } from '../../redis/redis-connection.js';
import { isReply, withoutArguments } from '../../redis/redis-failure.js';
import type { RedisClient } from '../../redis/session-scripts.js';
import { type ExitCode, exitCode } from '../exit-code.js';
import { failureOf } from '../connection-failure.js';
import { printable, printableJson } from '../printable.js';
import type { Terminal } from '../terminal.js';
import { CheckedServer } from './checked-server.js';
import { type Finding, worst } from './finding.js';
import { checkRights } from './rights.js';
import * as checks from './server-checks.js';
import { checkTopology, clusterOnSingle } from './topology.js';
import { checkTransport } from './transport.js';

/** Finds out what is wrong with the Redis of the sessions, and says what to do. Changes nothing. */
export async function doctor(
  options: RedisSessionOptions,
  { json = false }: { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const { findings, reached } = await examine(options);
  terminal.write(json ? printableJson(findings) : page(findings));
  if (!reached) return exitCode.failed;
  return findings.some(({ status }) => status === 'problem') ? exitCode.problem : exitCode.fine;
}

/** @returns reached: whether a server answered, even if it refused */
async function examine(options: RedisSessionOptions): Promise<{ findings: Finding[]; reached: boolean }> {
  const connection = new RedisConnection(options, silent);
  try {
    await connection.open();
    if (connection.client.status !== 'ready') return noConnection(connection, options);
    return { findings: await examineServers(connection.client, options), reached: true };
  } finally {
    await connection.close();
  }
}

function noConnection(
  connection: RedisConnection,
  options: RedisSessionOptions,
): { findings: Finding[]; reached: boolean } {
  const { failure, message, hint } = failureOf(connection, options);
  const refusal = clusterOnSingle(message);
  const finding: Finding = {
    name: 'connection',
    status: 'problem',
    seen: `no connection to ${addressOf(options)}: ${message}`,
    todo:
      hint ||
      (refusal?.todo ??
        'Check that Redis runs there, that no firewall is in between, and the options that say where it is.'),
  };
  return { findings: refusal === undefined ? [finding] : [finding, refusal], reached: isReply(failure) };
}

async function examineServers(client: RedisClient, options: RedisSessionOptions): Promise<Finding[]> {
  const nodes = client.isCluster ? (client as Cluster).nodes('master') : [client as Redis];
  const servers = nodes
    .filter(({ status }) => status === 'ready')
    .map((node) => new CheckedServer(node, options.operationTimeoutInMilliseconds));
  const all: Finding[] = [connectionFinding(client, servers)];
  for (const check of checksFor(options)) {
    // oxlint-disable-next-line no-await-in-loop -- one check at a time, so that they do not disturb the latency
    const found = (
      await Promise.all(servers.map((server) => checked(check, server, servers.length > 1)))
    ).flat();
    for (const name of new Set(found.map((finding) => finding.name)))
      all.push(worst(found.filter((finding) => finding.name === name)));
  }
  return all;
}

function connectionFinding(client: RedisClient, servers: readonly CheckedServer[]): Finding {
  const name = 'connection';
  const seen = `connected to ${servers.map(({ address }) => address).join(', ')}`;
  const away = client.isCluster ? mastersAway(client as Cluster, servers) : [];
  if (away.length === 0) return { name, status: 'ok', seen, todo: '' };
  return {
    name,
    status: 'problem',
    seen: `${seen}; not to ${away.join(', ')}, which the cluster names as masters`,
    todo: 'Check that these nodes run, and that their addresses can be reached from here.',
  };
}

// The client forgets a node that it cannot connect to, but not which slots it serves.
function mastersAway({ slots }: Cluster, servers: readonly CheckedServer[]): string[] {
  const connected = new Set(servers.map(({ redis }) => `${redis.options.host}:${redis.options.port}`));
  const masters = new Set(slots.flatMap(([master]) => master ?? []));
  return [...masters].filter((master) => !connected.has(master));
}

type Check = (server: CheckedServer) => Promise<Finding | Finding[]>;

function checksFor(options: RedisSessionOptions): readonly (readonly [name: string, check: Check])[] {
  const { host } = firstServer(options);
  return [
    ['topology', (server) => checkTopology(server, options.cluster !== undefined)],
    ['encryption', async ({ redis }) => checkTransport(options.ssl, host, redis.stream.remoteAddress ?? '')],
    ['version', checks.checkVersion],
    ['rights', (server) => checkRights(server, options)],
    ['memory', checks.checkMemory],
    ['persistence', checks.checkPersistence],
    ['replication', checks.checkReplication],
    ['compact hashes', checks.checkListpack],
    ['long lists', checks.checkLazyExpire],
    ['latency and clock', checks.checkTime],
  ];
}

/** Runs a check. If it fails, that is its finding. @param isOneOfMany whether to say on which server something was seen */
async function checked(
  [name, check]: readonly [string, Check],
  server: CheckedServer,
  isOneOfMany: boolean,
): Promise<Finding[]> {
  const named = (finding: Finding): Finding =>
    isOneOfMany && finding.status !== 'ok'
      ? { ...finding, seen: `${server.address}: ${finding.seen}` }
      : finding;
  try {
    return [await check(server)].flat().map(named);
  } catch (error) {
    const { message } = withoutArguments(error) as Error;
    return [named({ name, status: 'unknown', seen: `could not check: ${message}`, todo: '' })];
  }
}

function addressOf(options: RedisSessionOptions): string {
  const { host, port } = firstServer(options);
  return `${host}:${port}`;
}

function page(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  const indent = ' '.repeat('problem  '.length + width + 2);
  return findings
    .map(({ name, status, seen, todo }) => {
      const advice = todo === '' ? '' : `${indent}→ ${printable(todo)}\n`;
      return `${status.padEnd('problem'.length)}  ${name.padEnd(width)}  ${printable(seen)}\n${advice}`;
    })
    .join('');
}

const silent = { log: () => undefined, warn: () => undefined };
