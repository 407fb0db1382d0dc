import { Redis } from 'ioredis';
import { RedisSessionOptions, RedisSessionStore, SessionRepository } from '../../dist/esm/index.js';
import { RedisProcess } from '../parts/redis-process.mjs';

// Decision: an index is read in batches, and each session with plain commands, so that Redis serves others meanwhile. Shows
// commands and milliseconds, and how long one command kept Redis busy by its own clock. The longest of all shows the
// machine, too: while other work has the processor, the clock goes on.
const redis = await RedisProcess.start(['--latency-tracking-info-percentiles', '50 99.9 100']);
const client = new Redis({ port: redis.port, autoResendUnfulfilledCommands: false });
const store = new RedisSessionStore(client, optionsWith({}));
const sessions = new SessionRepository(store, optionsWith({}));

let user;
for (const count of [10, 1000, 100_000]) {
  user = `user of ${count}`;
  for (let n = 1; n < count; n += 500)
    await Promise.all(Array.from({ length: Math.min(500, count - n) }, () => login(sessions)));
  console.log(`\n${count} sessions of one user`);
  await measure('login', () => login(sessions));
  await measure('login, below the limit', () => login(limited(2 * count)));
  await measure('login, at the limit', () => login(limited(count)));
  await measure('findByUser', () => sessions.findByUser(user));
  await measure('destroyByUser', () => sessions.destroyByUser(user));
}
client.disconnect();
await redis.stop();

function limited(maxSessionsPerUser) {
  return new SessionRepository(store, optionsWith({ maxSessionsPerUser }));
}

function optionsWith(options) {
  const always = { applicationName: 'bench', operationTimeoutInMilliseconds: 10_000 };
  return Object.assign(new RedisSessionOptions(), always, options);
}

async function login(repository) {
  const session = repository.create();
  session.user = user;
  await session.save();
}

async function measure(name, action) {
  await client.config('RESETSTAT');
  const before = await redis.spent();
  const startedAt = performance.now();
  await action();
  const milliseconds = performance.now() - startedAt;
  const { commands } = await redis.spent();
  // Half of the calls of the slowest command, 99.9 % of them, and all.
  const slowest = latencies(await client.info('latencystats')).toSorted((a, b) => b[1] - a[1])[0];
  const [command, ...times] = slowest;
  const longest = times.map((microseconds) => (microseconds / 1000).toFixed(2)).join(' ');
  console.log(`  ${name.padEnd(22)} ${String(commands - before.commands - 1).padStart(8)} commands ${milliseconds.toFixed(1).padStart(8)} ms  ${longest} ms (${command})`); // prettier-ignore
}

// latency_percentiles_usec_zrem:p50=401.407,p99.9=569.343,p100=569.343
function latencies(info) {
  return [...info.matchAll(/^latency_percentiles_usec_(\S+?):p50=([\d.]+),p99.9=([\d.]+),p100=([\d.]+)/gm)]
    .filter(([, command]) => !/info|config/.test(command))
    .map(([, command, ...times]) => [command, ...times.map(Number)]);
}
