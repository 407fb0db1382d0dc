import { Redis } from 'ioredis';
import { RedisSessionOptions, RedisSessionStore, SessionRepository } from 'nestjs-redis-session';
import { RedisProcess } from '../parts/redis-process.mjs';

// Decision: an index is read in batches, and each session with plain commands, so that Redis serves others meanwhile. Shows
// commands, milliseconds, and the longest time for which one command kept Redis busy.
const redis = await RedisProcess.start();
const client = new Redis({ port: redis.port, autoResendUnfulfilledCommands: false });
const options = Object.assign(new RedisSessionOptions(), { applicationName: 'bench' });
const sessions = new SessionRepository(
  new RedisSessionStore(client, { ...options, operationTimeoutInMilliseconds: 10_000 }),
  options,
);
await client.config('SET', 'slowlog-log-slower-than', 0, 'slowlog-max-len', 1_000_000);

for (const count of [10, 1000, 100_000]) {
  for (let n = 1; n < count; n += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, login));
  console.log(`\n${count} sessions of one user`);
  await measure('login', login);
  await measure('findByUser', () => sessions.findByUser('42'));
  await measure('destroyByUser', () => sessions.destroyByUser('42'));
}
client.disconnect();
await redis.stop();

async function login() {
  const session = sessions.create();
  session.user = '42';
  await session.save();
}

async function measure(name, action) {
  await client.slowlog('RESET');
  const before = await redis.spent();
  const startedAt = performance.now();
  await action();
  const milliseconds = performance.now() - startedAt;
  const { commands } = await redis.spent();
  const longest = Math.max(...(await client.slowlog('GET', -1)).map(([, , took]) => took));
  console.log(`  ${name.padEnd(16)} ${String(commands - before.commands - 1).padStart(8)} commands ${milliseconds.toFixed(1).padStart(10)} ms  longest ${(longest / 1000).toFixed(2).padStart(6)} ms`); // prettier-ignore
}
