import { fileURLToPath } from 'node:url';
import { placeBuild } from '../parts/build.mjs';
import { readFlags } from '../parts/flags.mjs';
import { Load } from '../parts/load.mjs';
import { measure } from '../parts/measure.mjs';
import { RedisProcess } from '../parts/redis-process.mjs';
import { ServerProcess } from '../parts/server-process.mjs';
import { spread } from '../parts/statistics.mjs';
import { visitors } from '../parts/visitors.mjs';

// What observers cost: CPU of the server per request without sessions, without observers, with an empty observer, and with
// OpenTelemetry (spans and metrics, exported to nowhere).
// node bench/start.mjs micro/observer.mjs [--rounds 9] [--seconds 1]
const flags = readFlags();
const dist = flags.dist ?? fileURLToPath(new URL('../../dist/esm', import.meta.url));
const entry = placeBuild('observer', dist, 'ioredis');
const load = new Load(flags.load);
const CONNECTIONS = 64;
const routes = { read: { path: '/read', cookies: 'all' }, change: { path: '/change', cookies: 'all' } };
const cases = ['express', 'fastify'].flatMap((platform) => [
  { name: `${platform}: no sessions`, platform, sessions: 'none' },
  { name: `${platform}: no observer`, platform, sessions: 'observed', entry },
  { name: `${platform}: an empty observer`, platform, sessions: 'observed', entry, observer: 'empty' },
  { name: `${platform}: OpenTelemetry`, platform, sessions: 'observed', entry, observer: 'opentelemetry' },
]);

const redis = await RedisProcess.start();
const running = [];
for (const one of cases) {
  const process = await ServerProcess.start(one, redis.port);
  const cookies = { all: await visitors(process.url, flags.sessions, '/new') };
  running.push({ ...one, process, url: process.url, cookies, cpu: { read: [], change: [] } });
}
// Interleaved, so that a slow moment of the machine does not hit only one case.
for (let round = 0; round <= flags.rounds; round++) {
  for (const server of running) {
    for (const [name, route] of Object.entries(routes)) {
      const { serverCpu } = await measure(server, redis, load, route, CONNECTIONS, flags);
      if (round > 0) server.cpu[name].push(serverCpu);
    }
  }
}
for (const { name, cpu } of running)
  console.log(`${name.padEnd(28)} read ${shown(cpu.read)}   change ${shown(cpu.change)}`);
for (const { process } of running) await process.stop();
await redis.stop();

function shown(times) {
  const { median, min, max } = spread(times);
  return `${median.toFixed(1)} us (${min.toFixed(1)}–${max.toFixed(1)})`;
}
