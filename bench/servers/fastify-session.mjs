import cookie from '@fastify/cookie';
import session from '@fastify/session';
import { RedisStore } from 'connect-redis';
import { connectedClient } from './connect-redis.mjs';

/** @fastify/session with its defaults, including `rolling`, so that the sessions of active visitors do not expire. */
export async function sessionsFor({ redisPort }) {
  const client = await connectedClient(redisPort);
  const store = new RedisStore({ client, prefix: 'fastify-session:' });
  const secret = 'a secret of more than thirty-two characters';
  return {
    async fastify(app) {
      await app.register(cookie);
      await app.register(session, { store, secret, saveUninitialized: false, cookie: { secure: false } });
    },
  };
}
