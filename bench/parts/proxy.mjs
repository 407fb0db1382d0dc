import { connect, createServer } from 'node:net';

// A proxy that delivers the chunks of Redis half a millisecond late and in order. Node's timers count whole milliseconds,
// so it sleeps in shorter steps while it has chunks to deliver.
const DELAY_MS = 0.5;
const NAP_MS = 0.05;
const target = Number(process.argv[2]);
const queue = [];
const bed = new Int32Array(new SharedArrayBuffer(4));
let awake = false;

function deliver() {
  const now = performance.now();
  let count = 0;
  while (count < queue.length && queue[count].due <= now) {
    const { to, chunk } = queue[count++];
    to.write(chunk);
  }
  if (count > 0) queue.splice(0, count);
  awake = queue.length > 0;
  if (!awake) return;
  Atomics.wait(bed, 0, 0, Math.min(NAP_MS, Math.max(queue[0].due - performance.now(), 0)));
  setImmediate(deliver);
}

function join(client) {
  const redis = connect({ port: target, host: '127.0.0.1', noDelay: true });
  // Only the replies of Redis are delayed, so there is one delay per round trip.
  redis.on('data', (chunk) => {
    queue.push({ to: client, chunk, due: performance.now() + DELAY_MS });
    if (!awake) setImmediate(deliver);
    awake = true;
  });
  client.on('data', (chunk) => redis.write(chunk));
  for (const [from, to] of [
    [client, redis],
    [redis, client],
  ]) {
    // prettier-ignore
    from.on('close', () => to.destroy());
    from.on('error', () => to.destroy());
  }
}

const server = createServer({ noDelay: true }, join).listen(0, '127.0.0.1', () => {
  process.send({ port: server.address().port });
});
process.on('disconnect', () => process.exit());
