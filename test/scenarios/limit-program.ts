import {
  RedisSessionOptions,
  RedisSessionStore,
  SessionRepository,
  type SessionStore,
  type SessionType,
} from 'nestjs-redis-session';
import { Redis } from 'ioredis';
import { once } from 'node:events';

/** A process that logs in one user. It tells its parent when a login has counted and is about to write. */
const [port, applicationName, onSessionLimit] = process.argv.slice(2);
const client = new Redis({ port: Number(port) });
const options = Object.assign(new RedisSessionOptions(), {
  applicationName,
  maxSessionsPerUser: 3,
  onSessionLimit,
  lock: Object.assign(new RedisSessionOptions().lock, { leaseInMilliseconds: 1000 }),
});
const store = new RedisSessionStore(client, options);
let holding = false;
const held: SessionStore = new Proxy(store, {
  get(target, name) {
    const method = Reflect.get(target, name) as unknown;
    if (typeof method !== 'function') return method;
    return async (...args: unknown[]) => {
      if (name === 'create' && holding) {
        process.send!('counted');
        await once(process, 'message');
      }
      return Reflect.apply(method, target, args) as unknown;
    };
  },
});
const sessions = new SessionRepository(held, options);

async function login(): Promise<string> {
  const session = sessions.create() as SessionType<{ user: string }>;
  session.user = 'ada';
  return session.save().then(
    () => session.id,
    (error: { code: string }) => error.code,
  );
}

process.on('message', async (message) => {
  if (message === 'hold') {
    holding = true;
    process.send!(await login());
  } else if (typeof message === 'number')
    process.send!(await Promise.all(Array.from({ length: message }, login)));
});
process.once('disconnect', () => process.exit());
process.send!('ready');
