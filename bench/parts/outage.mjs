import { setTimeout as sleep } from 'node:timers/promises';
import { loggedIn } from './keeping.mjs';

const LONGEST_MS = 10_000;

/** How long a visitor with a session waits, and for which answer, after Redis received the signal. */
export async function waitDuring(signal, url, redis) {
  const visitor = await loggedIn(url);
  redis.signal(signal);
  await sleep(100);
  const during = await visitor.get('/all', LONGEST_MS);
  return during.status === 0 ? `over ${LONGEST_MS / 1000} s` : `${during.status} after ${seconds(during.ms)}`;
}

/** How long it takes until visitors are served again after Redis is back. */
export async function recovery(url) {
  const begin = performance.now();
  while (performance.now() - begin < LONGEST_MS) {
    const visitor = await loggedIn(url);
    const { status, body } = await visitor.get('/all', 1000);
    if (status === 200 && body.user === 'ada') return `back in ${seconds(performance.now() - begin)}`;
    await sleep(20);
  }
  return `not back in ${LONGEST_MS / 1000} s`;
}

function seconds(ms) {
  return `${(ms / 1000).toFixed(2)} s`;
}
