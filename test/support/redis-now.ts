import type { Redis } from 'ioredis';

/** The clock of a server, in milliseconds. */
export async function redisNow(client: Redis): Promise<number> {
  const [seconds, microseconds] = (await client.time()).map(Number);
  return seconds! * 1000 + Math.floor(microseconds! / 1000);
}
