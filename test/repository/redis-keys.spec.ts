import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisSessionStore, type SessionRepository } from 'nestjs-redis-session';
import { redisNow } from '../support/redis-now.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import {
  found,
  repositoryOf,
  stored,
  type AnySession,
  type RepositoryOptions,
} from '../session/session-fixture.js';

let server: RedisServer;
let name: string;
let sessions: SessionRepository;
const storeOf = (applicationName: string) =>
  new RedisSessionStore(server.client({ autoResendUnfulfilledCommands: false }), {
    applicationName,
    operationTimeoutInMilliseconds: 5000,
    retryTimeoutInMilliseconds: 0,
  });
const sessionsOf = (applicationName: string, options?: RepositoryOptions) =>
  repositoryOf(storeOf(applicationName), options);
const dataKey = (id: string) => `{${name}_${id}}_Data`;

beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server?.stop());
beforeEach(() => {
  name = uniqueName('shop');
  sessions = sessionsOf(name);
});

describe('a session in Redis', () => {
  it('is one hash, {<applicationName>_<id>}_Data, and nothing else', async () => {
    const id = await stored(sessions, { cart: ['tea'], visits: 1 });
    expect(await server.admin.keys(`*${name}*`)).toEqual([dataKey(id)]);
    expect(await server.admin.type(dataKey(id))).toBe('hash');
  });

  it('has one field for each attribute, and metadata in fields that begin with a colon', async () => {
    const session = sessions.create() as AnySession;
    Object.assign(session, { cart: ['tea'], visits: 1, name: 'Ada' });
    const before = await redisNow(server.admin);
    await session.save();
    const after = await redisNow(server.admin);
    const [, secret] = sessions.credentialOf(session)!.split('.');
    const fields = await server.admin.hgetall(dataKey(session.id));
    expect(fields).toEqual({
      cart: '["tea"]',
      visits: '1',
      name: '"Ada"',
      ':secret': createHash('sha256').update(secret!).digest('base64url'),
      ':created': String(session.createdAt.getTime()),
    });
    expect(session.createdAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(session.createdAt.getTime()).toBeLessThanOrEqual(after);
  });

  it('has :idle if it has its own idle timeout, and :expires if it has an absolute timeout', async () => {
    const limited = sessionsOf(name, { absoluteTimeoutInSeconds: 3600 });
    const session = limited.create();
    session.idleTimeoutInSeconds = 90;
    await session.save();
    const fields = await server.admin.hgetall(dataKey(session.id));
    expect(fields[':idle']).toBe('90000');
    expect(fields[':expires']).toBe(String(session.createdAt.getTime() + 3_600_000));
  });

  it('writes one field if one attribute changed', async () => {
    const id = await stored(sessions, { a: 1, b: 2 });
    const session = await found(sessions, id);
    await server.admin.hset(dataKey(id), 'b', '"of another request"');
    session.a = 3;
    await session.save();
    expect(await server.admin.hmget(dataKey(id), 'a', 'b')).toEqual(['3', '"of another request"']);
  });

  it('removes the field of a removed attribute', async () => {
    const id = await stored(sessions, { a: 1, b: 2 });
    const session = await found(sessions, id);
    delete session.a;
    await session.save();
    expect(await server.admin.hexists(dataKey(id), 'a')).toBe(0);
  });

  it('is not stored before it is saved', async () => {
    sessions.create();
    expect(await server.admin.keys(`*${name}*`)).toEqual([]);
  });

  it('leaves nothing behind when it is destroyed', async () => {
    const session = await found(sessions, await stored(sessions, { a: 1 }));
    await session.destroy();
    expect(await server.admin.keys(`*${name}*`)).toEqual([]);
  });

  it('cannot be hijacked by somebody who reads all of Redis: the secret is not stored', async () => {
    const session = sessions.create() as AnySession;
    session.cart = ['tea'];
    await session.save();
    const secrets = [sessions.credentialOf(session)!, (await sessions.rotate(session))!].map(
      (text) => text.split('.')[1]!,
    );
    const key = dataKey(session.id);
    expect(secrets[0]).not.toBe(secrets[1]);
    const everything = [
      ...(await server.admin.keys('*')),
      ...(await server.admin.hgetall(key).then(Object.entries)).flat(),
    ].join('\n');
    const dump = await server.admin.dumpBuffer(key);
    expect(everything).toContain(key);
    for (const secret of secrets) {
      const bytes = Buffer.from(secret, 'base64url');
      for (const form of [secret, bytes.toString('hex'), bytes.toString('base64')])
        expect(everything).not.toContain(form);
      expect(dump.includes(secret)).toBe(false);
      expect(dump.includes(bytes)).toBe(false);
    }
  });
});

describe('two applications with different names', () => {
  it('never see each other’s sessions', async () => {
    const others = sessionsOf(`${name}2`);
    const session = await found(sessions, await stored(sessions, { a: 1 }));
    const credential = (await sessions.rotate(session))!;
    expect(await others.find(session.id)).toBeUndefined();
    expect(await others.findByCredential(credential)).toBeUndefined();
    await others.destroy(session.id);
    expect(await sessions.findByCredential(credential)).toBeDefined();
  });
});

describe('a name that would escape the key scheme', () => {
  it.each(['shop{', 'shop}', '{shop}', 'a}_x{b', 'shop\n', 'sh\rop'])(
    'is refused for an application: %j',
    (bad) => {
      expect(() => storeOf(bad)).toThrow(
        new RangeError(
          'The applicationName must not contain a brace or a line break: it is part of a Redis key.',
        ),
      );
    },
  );

  it.each(['x}_Data', '{x', 'x\ny', '}{', '{'.repeat(22), `${'A'.repeat(22)}\n`])(
    'is refused for an id: %j',
    async (bad) => {
      const refusal = new RangeError('The session id is not valid: expected 22 characters of base64url.');
      const store = storeOf(name);
      await expect(store.load(bad)).rejects.toThrow(refusal);
      await expect(store.destroy(bad)).rejects.toThrow(refusal);
    },
  );
});
