import { describe, expect, it } from '@jest/globals';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { faultsOf } from './faults-of.js';

const name = 'connectionString (REDIS_SESSION_CONNECTION_STRING)';

describe('a connection string that starts with redis:// or rediss://', () => {
  it.each([
    ['redis://cache', { host: 'cache', port: 6379, ssl: false, databaseId: 0 }],
    ['redis://cache:7000/2', { host: 'cache', port: 7000, databaseId: 2 }],
    ['redis://cache/', { host: 'cache', databaseId: 0 }],
    ['rediss://cache', { host: 'cache', port: 6380, ssl: true }],
    ['REDISS://cache:6379', { host: 'cache', port: 6379, ssl: true }],
    ['redis://shop:p%40ss%3Aword%2F@cache', { username: 'shop', accessKey: 'p@ss:word/', host: 'cache' }],
    ['redis://:only-password@cache', { username: undefined, accessKey: 'only-password' }],
    ['redis://[2001:db8::1]:7000', { host: '2001:db8::1', port: 7000 }],
  ])('sets the options of %s', (connectionString, expected) => {
    expect(resolveOptions({ connectionString }, {})).toMatchObject(expected);
  });
});

describe('a connection string from the Azure portal', () => {
  it.each([
    [
      'shop.redis.cache.windows.net:6380,password=secret=,ssl=True,abortConnect=False',
      { host: 'shop.redis.cache.windows.net', port: 6380, accessKey: 'secret=', ssl: true, databaseId: 0 },
    ],
    ['cache:6379', { host: 'cache', port: 6379, ssl: false }],
    ['cache,ssl=true', { host: 'cache', port: 6380, ssl: true }],
    [
      'cache, user=shop, password=a==b=, defaultDatabase=4',
      { username: 'shop', accessKey: 'a==b=', databaseId: 4 },
    ],
    [
      'cache,Password=x,SSL=FALSE,syncTimeout=100,connectTimeout=5,allowAdmin=true,',
      { accessKey: 'x', ssl: false },
    ],
    ['[::1]:7000', { host: '::1', port: 7000 }],
  ])('sets the options of %s', (connectionString, expected) => {
    expect(resolveOptions({ connectionString }, {})).toMatchObject(expected);
  });
});

describe('the resolved options', () => {
  it('do not contain the connection string', () => {
    expect(resolveOptions({ connectionString: 'redis://:key@cache' }, {}).connectionString).toBeUndefined();
  });
});

describe('an invalid connection string', () => {
  it.each([
    ['http://:hunter2@cache', 'does not start with "redis://" or "rediss://"'],
    [
      'redis://:hunter2#@cache:70',
      'is not a valid URL; percent-encode special characters in the user name and the password',
    ],
    [
      'redis://:hunter2@cache:99999',
      'is not a valid URL; percent-encode special characters in the user name and the password',
    ],
    [
      'redis://cache?password=hunter2',
      'has a part after "?" or "#"; use options instead, and percent-encode these characters in a password',
    ],
    ['redis://:hunter2@cache/shop', 'has a database that is not a whole number'],
    ['redis:///0', 'has no host, or its host is not a host name or an IP address'],
    ['redis://hunter2@cache', 'has a user name without a password; give both, or only the password'],
    [
      'redis://:hunter2%zz@cache',
      'has an invalid "%" in the user name or password; write %25 for a percent sign',
    ],
    ['cache:hunter2', 'has a port that is not a whole number'],
    ['password=hunter2', 'has no host, or its host is not a host name or an IP address'],
    [
      'a:1,b:2,password=hunter2',
      'has a second host, or a comma in its password; set several hosts with cluster or sentinel',
    ],
    ['cache,password=x,hunter2=y', 'has an unsupported setting; use user, password, ssl and defaultDatabase'],
    ['cache,password=hunter2,ssl=yes', 'has an ssl setting that is not True or False'],
    ['cache,password=hunter2,defaultDatabase=x', 'has a defaultDatabase that is not a whole number'],
  ])('is reported without showing any part of it: %s', (connectionString, problem) => {
    const faults = faultsOf({ connectionString });
    expect(faults).toEqual([`${name} ${problem}.`]);
    expect(faults.join('')).not.toContain('hunter2');
  });
});
