import { connectedClient } from './connect-redis.mjs';

/** Only one round trip to Redis per request: the least that a session library can cost. */
export async function sessionsFor({ redisPort }) {
  const client = await connectedClient(redisPort);
  await Promise.all(Array.from({ length: 1000 }, (_, i) => client.set(`bare:${i}`, 'x'.repeat(200))));
  let next = 0;
  const get = () => client.get(`bare:${(next = (next + 1) % 1000)}`);
  return {
    plain: true,
    express: (app) => app.use((_request, _response, proceed) => void get().then(() => proceed(), proceed)),
    fastify: (app) =>
      app
        .getHttpAdapter()
        .getInstance()
        .addHook('onRequest', (_request, _reply, done) => void get().then(() => done(), done)),
  };
}
