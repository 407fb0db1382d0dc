import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chosenCases } from './cases.mjs';
import { placeBuild, versionOf } from './parts/build.mjs';
import { commandsOfParallelReads } from './parts/parallel-reads.mjs';
import { layout } from './parts/cores.mjs';
import { readFlags } from './parts/flags.mjs';
import { goalsTable } from './parts/goals.mjs';
import { Load } from './parts/load.mjs';
import { nodeBinary } from './parts/node-binary.mjs';
import { round } from './parts/round.mjs';
import { summarize, tableOf } from './parts/summary.mjs';

// Compares the package with its peers: what a request costs the visitor, Redis and the application server.
const flags = readFlags();
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const load = new Load(flags.load);
const servers = chosenCases(flags).map((server) =>
  server.sessions === 'ours'
    ? { ...server, entry: placeBuild(server.name.replaceAll(/\W+/g, '-'), server.dist ?? flags.dist ?? here('../dist/esm'), server.ioredis) } // prettier-ignore
    : server,
);

const machine = {
  date: new Date().toISOString().slice(0, 10),
  node: spawnSync(nodeBinary, ['-v'], { encoding: 'utf8' }).stdout.trim(),
  redis: spawnSync(process.env.REDIS_SERVER ?? 'redis-server', ['-v'], { encoding: 'utf8' }).stdout.split(' ')[2], // prettier-ignore
  cpu: `${cpus().length} × ${cpus()[0]?.model.trim()}`,
  layout,
  load: load.tool,
  versions: Object.fromEntries(['@nestjs/core', 'ioredis', 'ioredis5', 'redis', 'connect-redis', 'express-session', '@fastify/session'].map((name) => [name, versionOf(name)])), // prettier-ignore
};
console.log(machine);

const samples = [];
for (let turn = 0; turn < flags.rounds; turn++) {
  for (const distance of flags.distances) {
    for await (const sample of round(servers, load, flags, distance, turn)) {
      samples.push({ round: turn, ...sample });
      if (process.stderr.isTTY) process.stderr.write(`\rround ${turn + 1}: ${samples.length} cells `);
    }
  }
}

const rows = summarize(samples, servers);
console.log(tableOf(rows));
console.log(`\n${goalsTable(samples, servers)}`);
for (const server of servers.filter(({ sessions }) => sessions === 'ours'))
  console.log(
    `Redis commands of 20 parallel reads, ${server.name}: ${await commandsOfParallelReads(server)}`,
  );
const file = flags.json ?? here('results/latest.json');
mkdirSync(dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify({ machine, rows, samples }, null, 1)}\n`);
