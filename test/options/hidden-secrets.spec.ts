import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { expressSession } from '../../lib/options/express-session.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { InMemorySessionStore, jsonSerializer, type SessionEventEmitter } from 'nestjs-redis-session';

const SECRET = 'hunter2';
const client = new Redis({ lazyConnect: true, password: SECRET });

const cases: [what: string, given: object, read: (options: ReturnType<typeof resolveOptions>) => unknown][] =
  [
    ['accessKey', { username: 'shop', accessKey: SECRET }, ({ accessKey }) => accessKey],
    [
      'the password in connectionString',
      { connectionString: `redis://:${SECRET}@redis` },
      ({ accessKey }) => accessKey,
    ],
    ['the key of tls', { tls: { key: SECRET } }, ({ tls }) => tls?.key],
    ['the passphrase of tls', { tls: { passphrase: SECRET } }, ({ tls }) => tls?.passphrase],
    [
      'sentinel.password',
      { sentinel: { name: 'm', sentinels: [{ host: 'a' }], password: SECRET } },
      ({ sentinel }) => sentinel?.password,
    ],
    [
      'encryption.keys',
      { encryption: { keys: { current: 'a', get: () => undefined, password: SECRET } } },
      ({ encryption }) => (encryption!.keys as unknown as { password: string }).password,
    ],
    [
      "a password in cluster.options, ioredis's own",
      { cluster: { nodes: [{ host: 'a' }], options: { redisOptions: { password: SECRET } } } },
      ({ cluster }) => cluster?.options?.redisOptions?.password,
    ],
    ['the password of a client', { client }, (options) => (options.client as Redis).options.password],
    [
      'the secret of migrateFrom',
      { migrateFrom: expressSession({ secret: SECRET }) },
      ({ migrateFrom }) => migrateFrom?.secrets[0],
    ],
    [
      "the password of migrateFrom's client",
      { migrateFrom: expressSession({ secret: 'other', client }) },
      ({ migrateFrom }) => (migrateFrom!.client as Redis).options.password,
    ],
    [
      'the key of a serializer',
      { serializer: { ...jsonSerializer, key: SECRET } },
      ({ serializer }) => (serializer as { key?: string }).key,
    ],
    [
      'a property of an observer',
      { observers: [{ begin: () => undefined, password: SECRET }] },
      ({ observers }) => (observers[0] as { password?: string }).password,
    ],
    [
      'a property of an emitter of events',
      { events: { emit: () => true, password: SECRET } as SessionEventEmitter },
      ({ events }) => (events as { password?: string }).password,
    ],
    [
      'a property of the application’s own store',
      { store: Object.assign(new InMemorySessionStore(), { password: SECRET }) },
      ({ store }) => (store as { password?: string }).password,
    ],
  ];

describe.each(cases)('%s', (_what, given, read) => {
  const options = resolveOptions(given, {});

  it('can be read by its name', () => {
    expect(read(options)).toBe(SECRET);
  });

  it.each([
    ['inspecting', () => inspect(options, { depth: Infinity })],
    ['inspecting hidden properties too', () => inspect(options, { depth: Infinity, showHidden: true })],
    ['serializing', () => JSON.stringify(options)],
    ['copying', () => inspect(Object.assign({}, options), { depth: Infinity })],
    ['formatting an error with the options as its cause', () => inspect(new Error('x', { cause: options }))],
  ])('is not shown by %s the options', (_how, show) => {
    const shown = show();
    expect(shown).toMatch(/applicationName|\[cause\]/);
    expect(shown).not.toContain(SECRET);
  });
});
