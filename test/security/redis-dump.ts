import type { Redis } from 'ioredis';

/** Every key of a Redis server and everything that it holds, as one text. */
export async function dump(admin: Redis): Promise<string> {
  const keys = await admin.keys('*');
  const all = await Promise.all(keys.map(async (key) => `${key}\n${JSON.stringify(await read(admin, key))}`));
  return all.join('\n');
}

async function read(admin: Redis, key: string): Promise<unknown> {
  const type = await admin.type(key);
  if (type === 'hash') return admin.hgetall(key);
  if (type === 'string') return admin.get(key);
  if (type === 'zset') return admin.zrange(key, '0', '-1', 'WITHSCORES');
  if (type === 'set') return admin.smembers(key);
  if (type === 'none') return undefined;
  throw new Error(`The test cannot read a ${type}.`);
}
