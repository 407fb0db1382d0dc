// Starts the built sample as `npm start` does: in memory, then twice with one Redis, on Express and on Fastify.
import { deepStrictEqual as same, match } from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort, startRedis } from './smoke-support.mjs';

const main = fileURLToPath(new URL('../sample-app/dist/main.js', import.meta.url));
const inMemory = /Sessions are stored in memory/;

const redis = await startRedis();
const onRedis = { REDIS_SESSION_HOST: '127.0.0.1', REDIS_SESSION_PORT: String(redis.port) };
try {
  for (const HTTP_ADAPTER of ['express', 'fastify']) {
    const { log } = await visit({ HTTP_ADAPTER }, addToCart);
    match(log, inMemory);

    const { log: redisLog, result: cookie } = await visit({ HTTP_ADAPTER, ...onRedis }, addToCart);
    same(inMemory.test(redisLog), false);
    const { result: cart } = await visit({ HTTP_ADAPTER: other(HTTP_ADAPTER), ...onRedis }, (ask) =>
      ask('GET', '/cart', { cookie }).then((answer) => answer.json()),
    );
    same(cart, [{ sku: 'sencha', quantity: 2 }]);
    const [id, secret] = cookie.replace('sid=', '').split('.');
    const keys = await redis.client.keys('*');
    same(keys, [`{nest_${id}}_Data`]);
    same(JSON.stringify(await redis.client.hgetall(keys[0])).includes(secret), false);
    await redis.client.del(keys);
    console.log(`The shop on ${HTTP_ADAPTER}: passed`);
  }
} finally {
  await redis.stop();
}

async function addToCart(ask) {
  const answer = await ask('POST', '/cart', { body: { sku: 'sencha', quantity: 2 } });
  same(answer.status, 200);
  return answer.headers.getSetCookie()[0].split(';')[0];
}

function other(adapter) {
  return adapter === 'express' ? 'fastify' : 'express';
}

/** Starts the shop, visits it, and ends it with SIGTERM. */
async function visit(variables, scene) {
  const port = await freePort();
  const clean = Object.entries(process.env).filter(([name]) => !name.startsWith('REDIS_SESSION_'));
  const env = { ...Object.fromEntries(clean), NODE_ENV: '', ...variables, PORT: String(port) };
  const shop = spawn(process.execPath, [main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [shop.stdout, shop.stderr]) stream.on('data', (chunk) => (log += chunk));
  const ended = once(shop, 'exit');
  const ask = (method, path, { cookie, body } = {}) =>
    fetch(`http://localhost:${port}${path}`, {
      method,
      ...(cookie && { headers: { cookie } }),
      ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
  try {
    for (const deadline = Date.now() + 20_000; !log.includes(`http://localhost:${port}`); await sleep(50)) {
      if (shop.exitCode !== null || Date.now() > deadline) throw new Error(`The shop did not start:\n${log}`);
    }
    const result = await scene(ask);
    shop.kill('SIGTERM');
    const late = sleep(10_000, 'late', { ref: false });
    if ((await Promise.race([ended, late])) === 'late')
      throw new Error(`SIGTERM did not end the shop:\n${log}`);
    return { log, result };
  } finally {
    shop.kill('SIGKILL');
  }
}
