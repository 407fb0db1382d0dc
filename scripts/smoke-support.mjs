import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { Redis } from 'ioredis';
import { ensureRedisServer } from '../test/support/ensure-redis-server.mjs';

/** Runs a command. @returns its stdout @throws Error with its output if it fails or takes too long */
export function run(command, args, { cwd, env, timeout = 300_000 } = {}) {
  const { status, signal, stdout, stderr } = spawnSync(command, args, {
    cwd,
    env: { ...process.env, ...env },
    timeout,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (status === 0) return stdout;
  throw new Error(
    `${[command, ...args].join(' ')} ended with ${signal ?? `code ${status}`}:\n${stdout}${stderr}`,
  );
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts an empty redis-server. @returns its port, a client, and `stop()` */
export async function startRedis() {
  const port = await freePort();
  const args = [
    '--port',
    port,
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--daemonize',
    'no',
  ];
  const server = spawn(ensureRedisServer(), args.map(String), { stdio: 'ignore' });
  const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: 100 });
  client.on('error', () => undefined);
  await client.ping();
  const stop = async () => {
    client.disconnect();
    server.kill('SIGKILL');
    await once(server, 'exit');
  };
  return { port, client, stop };
}
