import { setTimeout as sleep } from 'node:timers/promises';
import { Visitor } from './visitor.mjs';

const AT_ONCE = Array.from({ length: 50 }, (_, i) => i);

/** How many of 50 concurrent requests keep the attribute that they set. */
export async function attributesKept(url) {
  const visitor = await loggedIn(url);
  await Promise.all(AT_ONCE.map((i) => visitor.get(`/set?name=attribute${i}`)));
  const { body } = await visitor.get('/all');
  return `${body.names.length} of 50`;
}

/** How many of 50 concurrent increments are kept. */
export async function incrementsKept(url) {
  const visitor = await loggedIn(url);
  await Promise.all(AT_ONCE.map(() => visitor.get('/increment')));
  const { body } = await visitor.get('/all');
  return `${body.visits} of 50`;
}

/** Whether a request that is in progress during a logout brings the session back. */
export async function logoutWins(url) {
  const visitor = await loggedIn(url);
  const stolen = visitor.cookie;
  const late = visitor.get('/slow-set');
  await sleep(50);
  await visitor.get('/logout');
  await late;
  const thief = new Visitor(url);
  thief.cookie = stolen;
  const { body } = await thief.get('/all');
  return body.user === undefined && body.late === undefined ? 'stays out' : 'is back';
}

/** Whether a slow request that only reads undoes a change that another request wrote meanwhile. */
export async function readUndoesNothing(url) {
  const visitor = await loggedIn(url);
  const slow = visitor.get('/slow-read');
  await sleep(50);
  await visitor.get('/set?name=attribute0');
  await slow;
  const { body } = await visitor.get('/all');
  return body.names.length === 1 ? 'kept' : 'undone';
}

export async function loggedIn(url) {
  const visitor = new Visitor(url);
  await visitor.get('/login');
  return visitor;
}
