import { fileURLToPath } from 'node:url';
import { chosenCases } from './cases.mjs';
import { placeBuild } from './parts/build.mjs';
import { readFlags } from './parts/flags.mjs';
import { Load } from './parts/load.mjs';
import { measure } from './parts/measure.mjs';
import { RedisProcess } from './parts/redis-process.mjs';
import { ServerProcess } from './parts/server-process.mjs';
import { visitors } from './parts/visitors.mjs';

// Measures how the cost of a request depends on the size and the number of sessions and on the uptime of the server, and
// how much Redis memory a session takes.
const flags = readFlags();
const dist = flags.dist ?? fileURLToPath(new URL('../dist/esm', import.meta.url));
const load = new Load(flags.load);
const tested = chosenCases(flags).filter(({ peer, ours }) => peer || ours);
const scale = flags.quick ? 1000 : 1;
const CONNECTIONS = 64;

const sizes = { '2 attributes': '/new-two', '4 attributes': '/new', '20 attributes, 10 KB': '/new-large', '20 attributes, 100 KB': '/new-huge' }; // prettier-ignore
const counts = [10_000 / scale, 1_000_000 / scale];
const requestsOfHeap = 1_000_000 / scale;

const table = {};
for (const one of tested) {
  const entry = one.sessions === 'ours' ? placeBuild('flat', one.dist ?? dist, one.ioredis) : undefined;
  const server = { ...one, entry };
  table[one.name] = { ...(await memory(server)), ...(await bySize(server)), ...(await byCount(server)) };
}
for (const [name, answers] of Object.entries(table)) {
  console.log(`\n${name}`);
  for (const [question, answer] of Object.entries(answers)) console.log(`  ${question.padEnd(58)} ${answer}`);
}

/** Bytes of Redis memory per session, with the default settings and with a larger hash-max-listpack-value. */
async function memory(server) {
  const answers = {};
  for (const settings of [[], ['--hash-max-listpack-value', '512']]) {
    await withServer(server, settings, async (running, redis) => {
      for (const [size, path] of [
        ['4 attributes, 150 bytes', '/new'],
        ['20 attributes, 10 KB', '/new-large'],
      ]) {
        // prettier-ignore
        const count = 2000 / Math.min(scale, 10);
        const before = await redis.memory();
        await visitors(running.url, count, path);
        const bytes = ((await redis.memory()) - before) / count;
        answers[`bytes in Redis, ${size}${settings.length > 0 ? ', listpack to 512' : ''}`] =
          bytes.toFixed(0);
      }
    });
  }
  return answers;
}

/** Requests/s and CPU by session size. */
async function bySize(server) {
  const answers = {};
  await withServer(server, [], async (running, redis) => {
    for (const [size, path] of Object.entries(sizes)) {
      const cookies = await visitors(running.url, 100, path);
      for (const route of ['/read', '/change'])
        answers[`${route.slice(1)}, ${size}`] = await costs(running, redis, route, cookies);
    }
  });
  return answers;
}

/** Requests/s by the number of sessions in Redis, and how the heap grows over many requests. */
async function byCount(server) {
  const answers = {};
  await withServer(server, [], async (running, redis) => {
    const cookies = await visitors(running.url, 1000 / Math.min(scale, 10), '/new');
    for (const count of counts) {
      await redis.fill(count);
      answers[`read, ${count} sessions in Redis`] = await costs(running, redis, '/read', cookies);
    }
    const before = await running.process.heap();
    const seconds = Math.max(1, flags.seconds);
    let requests = 0;
    for (let turn = 0; requests < requestsOfHeap && turn < 500; turn++)
      requests += (await load.run(`${running.url}/change`, cookies, CONNECTIONS, seconds)).requests;
    const grown = ((await running.process.heap()) - before) / 1024;
    answers[`heap after ${requests} requests`] = `${(before / 1024 / 1024).toFixed(1)} MB ${grown < 0 ? '−' : '+'} ${Math.abs(grown).toFixed(0)} KB`; // prettier-ignore
  });
  return answers;
}

async function costs(running, redis, path, cookies) {
  const route = { path, cookies: 'these' };
  await load.run(running.url + path, cookies, CONNECTIONS, flags.warmup);
  const cell = await measure(
    { ...running, cookies: { these: cookies } },
    redis,
    load,
    route,
    CONNECTIONS,
    flags,
  );
  return `${cell.rate.toFixed(0).padStart(6)} requests/s  ${cell.serverCpu.toFixed(1)} us server  ${cell.redisCpu.toFixed(1)} us Redis`;
}

async function withServer(server, settings, use) {
  const redis = await RedisProcess.start(settings);
  const process = await ServerProcess.start(server, redis.port);
  try {
    await use({ process, url: process.url }, redis);
  } finally {
    await process.stop();
    await redis.stop();
  }
}
