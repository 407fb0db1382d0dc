import { RedisStore } from 'connect-redis';
import session from 'express-session';
import { connectedClient } from './connect-redis.mjs';

/** express-session with the settings that its documentation recommends. */
export async function sessionsFor({ redisPort }) {
  const client = await connectedClient(redisPort);
  const store = new RedisStore({ client, prefix: 'express-session:' });
  const secret = 'a secret of more than thirty-two characters';
  return {
    express: (app) => app.use(session({ store, secret, resave: false, saveUninitialized: false })),
  };
}
