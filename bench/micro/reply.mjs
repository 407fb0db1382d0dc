import { Command, Redis } from 'ioredis';
import { Command as Command5, Redis as Redis5 } from 'ioredis5';
import { RedisProcess } from '../parts/redis-process.mjs';
import { compare, overlapping } from '../parts/timing.mjs';
import { largeSession, smallSession } from '../parts/session-data.mjs';

// Decision: read a session with `call('HGETALL')`. ioredis converts the reply of `hgetall()` to an object first, which costs a
// fifth more with ioredis 6 and 10 KB. Buffers would save another quarter, but not after they are decoded.
const redis = await RedisProcess.start();
const clients = { 6: { Client: Redis, Request: Command }, 5: { Client: Redis5, Request: Command5 } };
for (const [version, { Client, Request }] of Object.entries(clients)) {
  const client = new Client({ port: redis.port });
  for (const [size, data] of Object.entries({ small: smallSession(), large: largeSession() })) {
    await client.hset(size, Object.entries(data).flatMap(([name, value]) => [name, JSON.stringify(value)])); // prettier-ignore
    const send = (name, replyEncoding) => client.sendCommand(new Request(name, [size], { replyEncoding }));
    await compare(
      `load a ${size} session with ioredis ${version}`,
      {
        'hgetall(), an object, then a Map': overlapping(async () => new Map(Object.entries(await client.hgetall(size)))), // prettier-ignore
        "call('HGETALL'), a list, then a Map": overlapping(async () => mapOf(await client.call('HGETALL', size))), // prettier-ignore
        'new Command, a list, then a Map': overlapping(async () => mapOf(await send('HGETALL', 'utf8'))),
        'new Command, a list of buffers': overlapping(() => send('HGETALL', null)),
      },
      3000,
    );
  }
  client.disconnect();
}
await redis.stop();

function mapOf(list) {
  const map = new Map();
  for (let i = 0; i < list.length; i += 2) map.set(list[i], list[i + 1]);
  return map;
}
