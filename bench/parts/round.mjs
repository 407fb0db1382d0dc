import { chosenRoutes } from '../routes.mjs';
import { measure } from './measure.mjs';
import { ProxyProcess } from './proxy-process.mjs';
import { RedisProcess } from './redis-process.mjs';
import { ServerProcess } from './server-process.mjs';
import { visitors } from './visitors.mjs';

/**
 * Runs one round at one distance with new processes. All servers run, and one at a time gets load: the cells of one route
 * are only seconds apart, so that other activity of the machine affects all of them.
 * @yields the measured cells
 */
export async function* round(servers, load, flags, distance, turn) {
  const redis = await RedisProcess.start();
  const proxy = distance === 'far' ? await ProxyProcess.start(redis.port) : undefined;
  const running = [];
  try {
    for (const server of servers) running.push(await runningServer(server, proxy?.port ?? redis.port, flags));
    // Each round starts with another server, so that the order affects each server only once.
    const order = running.map((_, i) => running[(i + turn) % running.length]);
    const serving = (route) => order.filter(({ routes }) => routes?.includes(route.name) ?? true);
    const most = Math.max(...flags.connections);
    for (const route of chosenRoutes(flags, distance, most))
      for (const one of serving(route)) await load.run(one.url + route.path, one.cookies[route.cookies], 16, flags.warmup); // prettier-ignore
    // Until its first full garbage collection, V8 keeps much of what finished requests leave. A server in use has long had one.
    for (const one of running) await one.process.heap();
    for (const connections of flags.connections.map(Number)) {
      for (const route of chosenRoutes(flags, distance, connections)) {
        for (const one of serving(route)) {
          const cell = await measure(one, redis, load, route, connections, flags);
          yield { distance, connections, route: route.name, case: one.name, platform: one.platform, ...cell };
        }
      }
    }
  } finally {
    for (const one of running) await one.process.stop();
    await proxy?.stop();
    await redis.stop();
  }
}

async function runningServer(server, redisPort, flags) {
  const process = await ServerProcess.start(server, redisPort, flags);
  const { url } = process;
  const cookies = {
    none: [],
    small: await visitors(url, flags.sessions, '/new'),
    large: await visitors(url, flags.sessions, '/new-large'),
  };
  return { ...server, process, url, cookies };
}
