import { Redis } from 'ioredis';
import { RedisSessionOptions, RedisSessionStore, SessionRepository } from '../../dist/esm/index.js';
import { RedisProcess } from '../parts/redis-process.mjs';

// Decision: an index is read in batches, and each session with plain commands, so that Redis serves others meanwhile. Shows
// commands, milliseconds, and the longest time for which one command kept Redis busy.
const redis = await RedisProcess.start();
const client = new Redis({ port: redis.port, autoResendUnfulfilledCommands: false });
const options = Object.assign(new RedisSessionOptions(), {
  applicationName: 'bench',
  operationTimeoutInMilliseconds: 10_000,
});
const sessions = new SessionRepository(new RedisSessionStore(client, options), options);
await client.config('SET', 'slowlog-log-slower-than', 1000, 'slowlog-max-len', 10_000);

let user;
for (const count of [10, 1000, 100_000]) {
  user = `user of ${count}`;
  for (let n = 1; n < count; n += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, login));
  console.log(`\n${count} sessions of one user`);
  await measure('login', login);
  await measure('findByUser', () => sessions.findByUser(user));
  await measure('destroyByUser', () => sessions.destroyByUser(user));
}
client.disconnect();
await redis.stop();

async function login() {
  const session = sessions.create();
  session.user = user;
  await session.save();
}

async function measure(name, action) {
  await client.slowlog('RESET');
  const before = await redis.spent();
  const startedAt = performance.now();
  await action();
  const milliseconds = performance.now() - startedAt;
  const { commands } = await redis.spent();
  const slow = (await client.slowlog('GET', -1)).map(([, , took]) => took / 1000);
  const longest = slow.length === 0 ? 'under 1' : Math.max(...slow).toFixed(1);
  console.log(`  ${name.padEnd(16)} ${String(commands - before.commands - 1).padStart(8)} commands ${milliseconds.toFixed(1).padStart(10)} ms  the longest took ${longest} ms`); // prettier-ignore
}
