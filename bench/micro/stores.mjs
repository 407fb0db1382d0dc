import { createHash, randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { once } from 'node:events';
import { transformSync } from '@swc/core';
import { Pool } from 'pg';
import { placeBuild } from '../parts/build.mjs';
import { PostgresProcess } from '../parts/postgres-process.mjs';
import { RedisProcess } from '../parts/redis-process.mjs';
import { smallSession } from '../parts/session-data.mjs';
import { median } from '../parts/statistics.mjs';

// Decision: none. Shows what a session costs in memory, in Redis and in PostgreSQL (examples/postgres-store).
// node bench/start.mjs micro/stores.mjs
const ROUNDS = 7;
const OPERATIONS = 1000;
const AT_ONCE = 16;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

const build = placeBuild('stores', here('../../dist/esm'), 'ioredis');
const { InMemorySessionStore, RedisSessionStore } = await import(build);
const { BatchingRedis } = await import(build.replace('index.js', 'redis/batching-redis.js'));

const redis = await RedisProcess.start();
const client = new BatchingRedis({ port: redis.port, autoResendUnfulfilledCommands: false });
await once(client, 'ready');
const postgres = await PostgresProcess.start();
const pool = new Pool({ connectionString: postgres.url, max: AT_ONCE });
pool.on('error', () => undefined);
await pool.query(readFileSync(here('../../examples/postgres-store/schema.sql'), 'utf8'));
const PostgresSessionStore = await exampleStore();

const stores = {
  memory: new InMemorySessionStore(),
  Redis: new RedisSessionStore(client, { applicationName: 'bench', operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 }), // prettier-ignore
  PostgreSQL: new PostgresSessionStore(pool, 'bench'),
};

const timeouts = { defaultIdleTimeoutInMilliseconds: 1_200_000 };
const secretHash = createHash('sha256').update('a secret').digest('base64url');
const attributes = new Map(
  Object.entries(smallSession()).map(([name, value]) => [name, JSON.stringify(value)]),
);
const newId = () => randomBytes(16).toString('base64url');
const create = (store, id = newId()) => store.create({ ...timeouts, id, secretHash, attributes });
const save = (store, id, rest) =>
  store.save(id, { ...timeouts, secretHash, attributes: new Map([['visits', '2']]), ...rest });
const operations = {
  'read': (store, id) => store.load(id),
  'change': async (store, id) => {
    await store.load(id);
    await save(store, id);
  },
  'exclusive change': async (store, id) => {
    const token = newId();
    await store.loadExclusive(id, { token, leaseInMilliseconds: 10_000, waitInMilliseconds: 10_000 });
    await save(store, id, { lock: { token, release: true } });
  },
  'new session': (store) => create(store),
}; // prettier-ignore

const ids = Array.from({ length: 1000 }, newId);
for (const store of Object.values(stores)) await inBatches(ids, (id) => create(store, id));

const figures = {};
for (let round = -1; round < ROUNDS; round++) {
  for (const [operation, run] of Object.entries(operations)) {
    for (const [name, store] of Object.entries(stores)) {
      const { user, system } = process.cpuUsage();
      const startedAt = performance.now();
      await inBatches(ids.slice(0, OPERATIONS), (id) => run(store, id));
      const seconds = (performance.now() - startedAt) / 1000;
      const used = process.cpuUsage();
      const cell = ((figures[operation] ??= {})[name] ??= { rates: [], cpus: [] });
      // The first round only warms up.
      if (round < 0) continue;
      cell.rates.push(OPERATIONS / seconds);
      cell.cpus.push((used.user + used.system - user - system) / OPERATIONS);
    }
  }
}
const rows = Object.entries(figures).map(([operation, cells]) => [
  operation,
  Object.fromEntries(
    Object.entries(cells).map(([name, { rates, cpus }]) => [
      name,
      `${Math.round(median(rates))}/s, ${median(cpus).toFixed(0)} us`,
    ]),
  ),
]);
console.log(
  `Operations per second, ${AT_ONCE} at once, and CPU of the server for each. Median of ${ROUNDS} rounds.`,
);
console.table(Object.fromEntries(rows));
for (const store of Object.values(stores)) store.close();
client.disconnect();
await pool.end();
await postgres.stop();
await redis.stop();

async function inBatches(list, run) {
  for (let first = 0; first < list.length; first += AT_ONCE)
    await Promise.all(list.slice(first, first + AT_ONCE).map(run));
}

// The example is TypeScript, and imports the package by its name.
async function exampleStore() {
  const source = readFileSync(here('../../examples/postgres-store/postgres-session.store.ts'), 'utf8');
  const { code } = transformSync(source, { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' } });
  const file = build.replace('index.js', 'postgres-session.store.js');
  writeFileSync(file, code.replaceAll("'nestjs-redis-session'", "'./index.js'").replaceAll('"nestjs-redis-session"', '"./index.js"')); // prettier-ignore
  return (await import(pathToFileURL(file).href)).PostgresSessionStore;
}
