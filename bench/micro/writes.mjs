import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis5';
import { ProxyProcess } from '../parts/proxy-process.mjs';
import { RedisProcess } from '../parts/redis-process.mjs';
import { median } from '../parts/statistics.mjs';

// Decision: at most 16 commands share one write to the socket. More make requests wait in step if Redis is 0.5 ms away, and
// fewer gain little. Each of 64 visitors waits for a read and then for a write.
const ROUNDS = 5;
const TURNS = 6000;
const redis = await RedisProcess.start();
const proxy = await ProxyProcess.start(redis.port);

for (const [distance, port] of Object.entries({ near: redis.port, '0.5 ms away': proxy.port })) {
  for (const [version, Client] of Object.entries({ 6: Redis, 5: Redis5 })) {
    console.log(
      `\nioredis ${version}, Redis ${distance}: visitors/s, us of CPU here and in Redis per visitor`,
    );
    const ways = [1, 4, 8, 16, Infinity].map((most) => [`at most ${most} in one write`, corked(Client, port, most)]); // prettier-ignore
    ways.push(['autopipelining', automatic(Client, port)]);
    const measured = new Map(ways.map(([name]) => [name, []]));
    for (let round = 0; round <= ROUNDS; round++)
      for (const [name, way] of ways) {
        const cost = await costOf(way);
        if (round > 0) measured.get(name).push(cost);
      }
    for (const [name, costs] of measured) {
      const [rate, own, theirs] = [0, 1, 2].map((i) => median(costs.map((cost) => cost[i])));
      console.log(`  ${name.padEnd(28)} ${rate.toFixed(0).padStart(8)} ${own.toFixed(1).padStart(8)} ${theirs.toFixed(1).padStart(8)}`); // prettier-ignore
    }
    for (const [, { client }] of ways) client.disconnect();
  }
}
await proxy.stop();
await redis.stop();

async function costOf({ visit }) {
  const before = { cpu: process.cpuUsage(), redis: await redis.spent(), at: performance.now() };
  let left = TURNS;
  async function visitor() {
    while (left-- > 0) await visit();
  }
  await Promise.all(Array.from({ length: 64 }, visitor));
  const seconds = (performance.now() - before.at) / 1000;
  const { user, system } = process.cpuUsage(before.cpu);
  return [TURNS / seconds, (user + system) / TURNS, ((await redis.spent()).cpu - before.redis.cpu) / TURNS];
}

function automatic(Client, port) {
  const client = new Client({ port, enableAutoPipelining: true });
  return { client, visit: () => client.get('key').then(() => client.set('key', 'value')) };
}

function corked(Client, port, most) {
  const client = new Client({ port });
  let held = 0;
  const release = () => {
    held = 0;
    client.stream.uncork();
  };
  const hold = () => {
    if (most === 1) return;
    if (held === 0) {
      client.stream.cork();
      setImmediate(release);
    } else if (held % most === 0) {
      client.stream.uncork();
      client.stream.cork();
    }
    held++;
  };
  async function visit() {
    hold();
    await client.get('key');
    hold();
    await client.set('key', 'value');
  }
  return { client, visit };
}
