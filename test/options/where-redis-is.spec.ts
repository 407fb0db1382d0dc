import { describe, expect, it } from '@jest/globals';
import { Redis } from 'ioredis';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { faultsOf } from './faults-of.js';

const REDIS_URL = 'rediss://shop:p%40ss@redis.example.com:7000/2';

describe('an argument with the location of Redis', () => {
  it('wins over the variables that say so: connectionString', () => {
    const env = { REDIS_SESSION_HOST: 'a', REDIS_SESSION_PORT: '7001', REDIS_SESSION_ACCESS_KEY: 'key' };
    const options = resolveOptions({ connectionString: 'redis://b:7002' }, env);
    expect(options).toMatchObject({ host: 'b', port: 7002 });
    expect(options.accessKey).toBeUndefined();
  });

  it('wins over the variables that say so: a cluster, and a client', () => {
    const env = { REDIS_SESSION_HOST: 'a', REDIS_SESSION_PORT: '7001' };
    expect(resolveOptions({ cluster: { nodes: [{ host: 'b' }] } }, env).cluster?.nodes).toEqual([
      { host: 'b', port: 6379 },
    ]);
    const client = new Redis({ lazyConnect: true });
    expect(resolveOptions({ client }, { ...env, REDIS_URL }).client).toBe(client);
  });

  it('still contradicts an argument', () => {
    expect(faultsOf({ connectionString: 'redis://b', port: 7001 })).toHaveLength(1);
  });
});

describe('REDIS_URL', () => {
  it('says where Redis is if nothing else does', () => {
    const options = resolveOptions({ applicationName: 'shop' }, { REDIS_URL });
    expect(options).toMatchObject({
      host: 'redis.example.com',
      port: 7000,
      ssl: true,
      username: 'shop',
      databaseId: 2,
    });
    expect(options.accessKey).toBe('p@ss');
  });

  it.each<[string, object, Record<string, string>]>([
    ['host', { host: 'a' }, {}],
    ['accessKey', { accessKey: 'key' }, {}],
    ['connectionString', { connectionString: 'redis://a' }, {}],
    ['cluster', { cluster: { nodes: [{ host: 'a' }] } }, {}],
    ['REDIS_SESSION_PORT', {}, { REDIS_SESSION_PORT: '6379' }],
    ['a store in memory', { store: 'memory' }, {}],
    ['an empty REDIS_URL', {}, { REDIS_URL: '' }],
  ])('is not read beside %s', (_, given, env) => {
    const options = resolveOptions(given, { REDIS_URL, ...env });
    expect([options.host, options.username]).not.toContain('redis.example.com');
    expect(options.username).toBeUndefined();
  });

  it('is named if it cannot be used, and never shown', () => {
    const faults = faultsOf({}, { REDIS_URL: 'redis://:SECRET%@redis' });
    expect(faults).toEqual([expect.stringMatching(/REDIS_URL/)]);
    expect(faults.join()).not.toContain('SECRET');
  });
});

describe('an option of express-session', () => {
  it.each([
    ['secret', 'every session has a random secret of its own'],
    ['resave', 'only attributes that changed are stored'],
    ['saveUninitialized', 'stored when something is written'],
    ['rolling', 'every request slides'],
  ])('is refused with what stands in its place: %s', (option, says) => {
    const [fault, ...others] = faultsOf({ [option]: 'SECRET' });
    expect(others).toEqual([]);
    expect(fault).toContain(`unknown option "${option}"; `);
    expect(fault).toContain(says);
    expect(fault).not.toContain('SECRET');
  });
});
