import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { SessionStoreUnavailableError } from 'nestjs-redis-session';
import { sessionStoreContract } from 'nestjs-redis-session/testing';
import { Pool } from 'pg';
import { PostgresSessionStore } from '../../examples/postgres-store/postgres-session.store.js';
import { newSession } from '../../lib/testing/contract/records.js';
import { PostgresServer } from '../support/postgres-server.js';

let server: PostgresServer;
let pool: Pool;
beforeAll(async () => {
  server = await PostgresServer.start();
  pool = new Pool({ connectionString: server.connectionString, max: 20 });
  // Otherwise an idle connection that the server closes ends the process.
  pool.on('error', () => undefined);
  await pool.query(readFileSync('examples/postgres-store/schema.sql', 'utf8'));
}, 60_000);
afterAll(async () => {
  await pool?.end();
  await server?.stop();
});

sessionStoreContract({
  name: 'PostgresSessionStore',
  create: async () => {
    await pool.query('CREATE TABLE passed (milliseconds float8)');
    const clock = 'floor(extract(epoch FROM clock_timestamp()) * 1000)::float8';
    const moved = `(${clock} + (SELECT coalesce(sum(milliseconds), 0) FROM passed))`;
    return {
      store: new PostgresSessionStore(pool, 'shop', moved),
      other: new PostgresSessionStore(pool, 'admin', moved),
      elapse: async (milliseconds) =>
        void (await pool.query('INSERT INTO passed VALUES ($1)', [milliseconds])),
    };
  },
  without: ['index', 'devices'],
});

describe('PostgresSessionStore', () => {
  it('removes rows of expired sessions by itself, and no others', async () => {
    const tick = 'SELECT count(*)::int AS left FROM nest_sessions WHERE key LIKE $1';
    const store = new PostgresSessionStore(pool, 'swept');
    await store.create(newSession({}, { defaultIdleTimeoutInMilliseconds: 1 }));
    const alive = newSession();
    await store.create(alive);
    await store.sweep();
    expect((await pool.query(tick, ['swept/%'])).rows).toEqual([{ left: 1 }]);
    expect(await store.load(alive.id)).toMatchObject({ id: alive.id });
    store.close();
  });

  it('says that the store is away if the database is', async () => {
    const away = new Pool({ host: '127.0.0.1', port: 1 });
    const store = new PostgresSessionStore(away, 'shop');
    const session = newSession();
    await expect(store.load(session.id)).rejects.toBeInstanceOf(SessionStoreUnavailableError);
    await expect(store.create(session)).rejects.toMatchObject({ statusCode: 503, outcomeUnknown: false });
    store.close();
    await away.end();
  });
});
