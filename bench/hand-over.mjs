import { fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { ProxyProcess } from './parts/proxy-process.mjs';
import { RedisProcess } from './parts/redis-process.mjs';

// Measures how long it takes to hand a lock over: from the start of the holder's save until the next request has the
// session. Compares it with one round trip: a PING, and the load of a session.
// node bench/start.mjs hand-over.mjs [folder of a build]
const dist = process.argv[2] ?? fileURLToPath(new URL('../dist/esm', import.meta.url));
const { RedisSessionStore } = await import(`${dist}/index.js`);
const { SessionLocks } = await import(`${dist}/session/session-locks.js`);
const policy = {
  leaseInMilliseconds: 30_000,
  waitTimeoutInMilliseconds: 10_000,
  maxHoldInMilliseconds: 300_000,
  maxWaiters: 50,
};
const TURNS = 500;

function open(port) {
  const client = new Redis({ port });
  const store = new RedisSessionStore(client, { applicationName: 'bench', operationTimeoutInMilliseconds: 1000, retryTimeoutInMilliseconds: 0 }); // prettier-ignore
  return { client, store, locks: new SessionLocks(store, policy) };
}

// All processes of a machine share this clock.
const now = () => Number(process.hrtime.bigint()) / 1000;

/** Takes the lock repeatedly. @returns when it got the lock, and when it began to release it */
async function turns({ store, locks }, id, count) {
  const spans = [];
  for (let turn = 0; turn < count; turn++) {
    const { record, lock } = await locks.acquire(id);
    const from = now();
    // Long enough for the others to enter the queue.
    await new Promise((resolve) => setTimeout(resolve, 4));
    const until = now();
    spans.push({ from, until });
    const n = String(Number(record.attributes.get('n')) + 1);
    await store.save(id, { attributes: new Map([['n', n]]), defaultIdleTimeoutInMilliseconds: 60_000, lock: { token: lock.token, release: true } }); // prettier-ignore
    lock.ended();
  }
  return spans;
}

async function create({ store }) {
  const id = randomBytes(16).toString('base64url');
  await store.create({ id, secretHash: 'hash', defaultIdleTimeoutInMilliseconds: 60_000, attributes: new Map([['n', '0']]) }); // prettier-ignore
  return id;
}

function median(values) {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}

/** The times between the end of each turn and the start of the next. */
function gaps(spans) {
  const inOrder = spans.toSorted((a, b) => a.from - b.from);
  return inOrder.slice(1).map(({ from }, index) => from - inOrder[index].until);
}

async function roundTrip(command) {
  const times = [];
  for (let turn = 0; turn < TURNS; turn++) {
    const from = now();
    await command();
    times.push(now() - from);
    await new Promise((resolve) => setTimeout(resolve, 4));
  }
  return median(times);
}

async function measure(name, port) {
  const here = open(port);
  const alone = await create(here);
  const ping = await roundTrip(() => here.client.ping());
  const load = await roundTrip(() => here.store.load(alone));
  const inside = gaps((await Promise.all([turns(here, alone, TURNS / 2), turns(here, alone, TURNS / 2)])).flat()); // prettier-ignore
  const shared = await create(here);
  const peers = [1, 2].map(() => fork(fileURLToPath(import.meta.url), [dist], { env: { ...process.env, PEER: `${port} ${shared}` } })); // prettier-ignore
  const spans = await Promise.all(peers.map(async (peer) => (await once(peer, 'message'))[0]));
  const across = gaps(spans.flat());
  const stored = Number((await here.store.load(shared)).attributes.get('n'));
  if (stored !== TURNS) throw new Error(`Only ${stored} of ${TURNS} increments were stored.`);
  here.store.close();
  here.client.disconnect();
  const row = (what, times) => ({
    distance: name,
    'hand-over': what,
    'median us': Math.round(median(times)),
    'PING us': Math.round(ping),
    'load us': Math.round(load),
    'in PINGs': (median(times) / ping).toFixed(1),
    'in loads': (median(times) / load).toFixed(1),
  });
  return [row('in one process', inside), row('between two processes', across)];
}

if (process.env.PEER) {
  const [port, id] = process.env.PEER.split(' ');
  const peer = open(Number(port));
  process.send(await turns(peer, id, TURNS / 2), () => process.exit());
} else {
  const redis = await RedisProcess.start();
  const proxy = await ProxyProcess.start(redis.port);
  console.table([...(await measure('loopback', redis.port)), ...(await measure('0.5 ms', proxy.port))]);
  await proxy.stop();
  await redis.stop();
}
