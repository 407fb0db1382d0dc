import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { connectedClient } from '../servers/connect-redis.mjs';
import { placeBuild } from '../parts/build.mjs';
import { RedisProcess } from '../parts/redis-process.mjs';
import { smallSession } from '../parts/session-data.mjs';
import { spread } from '../parts/statistics.mjs';

// Decision: write with a script of as few calls and arguments as its guarantees need. MULTI saves Redis little, checks
// nothing and costs ioredis twice as much. The clock of Redis costs a new session a tenth.
// node bench/micro/redis-cost.mjs [--dist folder of a build]; REDIS_SERVER=path selects the server.
const { values: flags } = parseArgs({ options: { dist: { type: 'string' } } });
const ROUNDS = 9;
const REQUESTS = 4000;
const AT_ONCE = 8;
const IDLE = 1_200_000;

const build = placeBuild('redis-cost', flags.dist ?? fileURLToPath(new URL('../../dist/esm', import.meta.url)), 'ioredis'); // prettier-ignore
const { RedisSessionStore } = await import(build);
const { BatchingRedis } = await import(build.replace('index.js', 'redis/batching-redis.js'));
const { runScript, sessionScripts } = await import(build.replace('index.js', 'redis/session-scripts.js'));

const redis = await RedisProcess.start();
const peer = await connectedClient(redis.port);
const client = new BatchingRedis({ port: redis.port, autoResendUnfulfilledCommands: false });
await once(client, 'ready');
const store = new RedisSessionStore(client, { applicationName: 'bench', operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 }); // prettier-ignore

const newId = () => randomBytes(16).toString('base64url');
const ids = Array.from({ length: 1000 }, newId);
const secretHash = createHash('sha256').update('a secret').digest('base64url');
const attributes = new Map(
  Object.entries(smallSession()).map(([name, value]) => [name, JSON.stringify(value)]),
);
const whole = JSON.stringify({ cookie: { originalMaxAge: null, expires: null, httpOnly: true, path: '/' }, ...smallSession() }); // prettier-ignore
const timeouts = { defaultIdleTimeoutInMilliseconds: IDLE };
const changes = { ...timeouts, secretHash, attributes: new Map([['visits', '2']]) };
const key = (id) => `{bench_${id}}_Data`;
const create = (id) => store.create({ ...timeouts, id, secretHash, attributes });
const set = (id) => peer.set(`sess:${id}`, whole, { expiration: { type: 'EX', value: IDLE / 1000 } });
const get = (id) => peer.get(`sess:${id}`);
const load = (id) => store.load(id);
const script = (lua, ...args) => {
  const loaded = { lua, sha: createHash('sha1').update(lua).digest('hex') };
  return (id) => runScript(client, loaded, [key(id)], args);
};
const pairs = [...attributes].flat();
const fields = [':secret', secretHash, ':created', '1', ...pairs];
const fresh = (way) => () => way(newId());
const ourClock = `
  if redis.call('HGET', KEYS[1], ':secret') then return 0 end
  redis.call('HSET', KEYS[1], unpack(ARGV, 2))
  redis.call('PEXPIRE', KEYS[1], ARGV[1])
  return 1`;
const inMulti = (newKey) =>
  client
    .multi()
    .hset(newKey, ...fields)
    .pexpire(newKey, IDLE)
    .exec();
const hasHsetex = (await client.call('COMMAND', 'INFO', 'HSETEX'))[0];

// The first way of each group is that of the peers. Each way is a list of steps, which wait for each other.
const groups = {
  read: {
    'peers: GET + EXPIRE': [get, (id) => peer.expire(`sess:${id}`, IDLE / 1000)],
    'HGETALL, touched just before': [load],
    'HGETALL + PEXPIRE': [load, (id) => store.touch(id, timeouts)],
  },
  change: {
    'peers: GET + SET EX': [get, set],
    'HGETALL + save, touched just before': [load, (id) => store.save(id, { ...changes, touched: true })],
    'HGETALL + save': [load, (id) => store.save(id, changes)],
    'HGETALL + save.lua': [load, script(sessionScripts.save.lua, IDLE, '', secretHash, '', 0, '', '', '', '', 2, 'visits', '2')], // prettier-ignore
    'HGETALL + a script of no calls': [load, script('return 1', secretHash, '', 'visits', '2')],
    'HGETALL + MULTI PEXPIRE HSET EXEC': [load, (id) => client.multi().pexpire(key(id), IDLE).hset(key(id), 'visits', '2').exec()], // prettier-ignore
    ...(hasHsetex && { 'HGETALL + HSETEX FXX': [load, (id) => client.call('HSETEX', key(id), 'FXX', 'FIELDS', 2, ':secret', secretHash, 'visits', '2')] }), // prettier-ignore
  },
  'new session': {
    'peers: SET EX': [fresh(set)],
    create: [fresh(create)],
    'create.lua': [fresh(script(sessionScripts.create.lua, secretHash, IDLE, '', '', 0, '', ...pairs))],
    'HGET, HSET, PEXPIRE: our clock': [fresh(script(ourClock, IDLE, ...fields))],
    'a script of no calls': [fresh(script('return 1', secretHash, IDLE, ...pairs))],
    'MULTI HSET PEXPIRE EXEC': [fresh((id) => inMulti(key(id)))],
  },
};

async function costOf(steps) {
  await peer.flushAll();
  for (const id of ids) await Promise.all([create(id), set(id)]);
  let next = 0;
  const before = { own: process.cpuUsage(), redis: (await redis.spent()).cpu };
  for (let done = 0; done < REQUESTS; done += AT_ONCE) {
    const visitors = Array.from({ length: AT_ONCE }, () => ids[next++ % ids.length]);
    for (const step of steps) await Promise.all(visitors.map(step));
  }
  const { user, system } = process.cpuUsage(before.own);
  return { own: (user + system) / REQUESTS, redis: ((await redis.spent()).cpu - before.redis) / REQUESTS };
}

const ways = Object.values(groups).flatMap((group) => Object.values(group));
const measured = new Map(ways.map((way) => [way, []]));
for (let round = 0; round <= ROUNDS; round++)
  for (const [way, costs] of measured) {
    const cost = await costOf(way);
    if (round > 0) costs.push(cost);
  }

const column = (costs, side, digits = 1) => {
  const { median, min, max } = spread(costs.map((cost) => cost[side]));
  return `${median.toFixed(digits).padStart(7)} (${min.toFixed(digits)}–${max.toFixed(digits)})`.padEnd(22);
};
for (const [name, group] of Object.entries(groups)) {
  const peers = measured.get(Object.values(group)[0]);
  console.log(`\n${name.padEnd(46)}    us of Redis           of the peers'         us of this process`);
  for (const [what, way] of Object.entries(group)) {
    const costs = measured
      .get(way)
      .map((cost, round) => ({ ...cost, ratio: cost.redis / peers[round].redis }));
    console.log(
      `  ${what.padEnd(46)}${column(costs, 'redis')}${column(costs, 'ratio', 2)}${column(costs, 'own')}`,
    );
  }
}
client.disconnect();
peer.destroy();
await redis.stop();
