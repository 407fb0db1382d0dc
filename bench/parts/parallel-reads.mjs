import { RedisProcess } from './redis-process.mjs';
import { ServerProcess } from './server-process.mjs';
import { Visitor } from './visitor.mjs';

/** What 20 requests at once that read one session send to Redis. */
export async function commandsOfParallelReads(server) {
  const redis = await RedisProcess.start();
  const process = await ServerProcess.start(server, redis.port);
  try {
    const visitor = new Visitor(process.url);
    await visitor.get('/new');
    const read = () => Promise.all(Array.from({ length: 20 }, () => visitor.get('/read')));
    const commands = await redis.commandsOf(read);
    return Object.entries(commands).map(([name, count]) => `${count} ${name.toUpperCase()}`).join(', '); // prettier-ignore
  } finally {
    await process.stop();
    await redis.stop();
  }
}
