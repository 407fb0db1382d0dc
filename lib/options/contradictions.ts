import { CookieOptions } from './cookie-options.js';
import { hasMethods, isObject } from './expectations.js';
import { ExpressSessionMigration } from './express-session.js';
import { LockOptions } from './lock-options.js';
import { nameWithVariable, shown } from './option-faults.js';
import type { RedisSessionOptions } from './redis-session.options.js';
import { isAsync, isSessionSchema } from './session-schema.js';
import { timeoutFaults } from './timeout-faults.js';
import { faultsOfOrigins } from './web-origin.js';

// Of SessionIndex: those that a limit needs.
const INDEX_METHODS = ['add', 'remove', 'ids', 'read', 'destroy', 'lock', 'unlock'];

/** Each of these options replaces the options listed with it. */
export const replacedBy = {
  client: [
    'connectionString',
    'host',
    'port',
    'username',
    'accessKey',
    'credentials',
    'ssl',
    'tls',
    'databaseId',
    'cluster',
    'sentinel',
  ],
  connectionString: ['host', 'port', 'username', 'accessKey', 'ssl', 'databaseId', 'cluster', 'sentinel'],
  credentials: ['username', 'accessKey'],
  cluster: ['host', 'port', 'sentinel'],
  sentinel: ['host', 'port'],
} as const;

/** One fault for each set of options that exclude or need each other, whether they come from the code or the environment. */
export function optionContradictions(given: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  for (const [option, replaced] of Object.entries(replacedBy)) {
    const beside = replaced.filter((other) => given[other] !== undefined);
    if (given[option] === undefined || beside.length === 0) continue;
    const names = listed(beside.map((other) => nameWithVariable(other)));
    faults.push(
      `${nameWithVariable(option)} is set together with ${names}, which it replaces. ` +
        `Remove ${option}, or ${listed(beside)}.`,
    );
  }
  if (given['username'] !== undefined && given['accessKey'] === undefined)
    faults.push(
      `${nameWithVariable('username')} is set without ${nameWithVariable('accessKey')}; ` +
        'Redis accepts a user name only with a password. Set accessKey, or remove username.',
    );
  if (given['onSessionLimit'] !== undefined && given['maxSessionsPerUser'] === undefined)
    faults.push(
      `${nameWithVariable('onSessionLimit')} is set without ${nameWithVariable('maxSessionsPerUser')}, so it has no effect. ` +
        'Set maxSessionsPerUser, or remove onSessionLimit.',
    );
  for (const option of ['schemaVersion', 'onInvalidData'])
    if (given[option] !== undefined && given['schema'] === undefined)
      faults.push(`${option} is set without schema, so it has no effect. Set schema, or remove ${option}.`);
  return faults;
}

/** One fault for each set of values that are valid on their own and conflict with each other. */
export function valueContradictions(options: RedisSessionOptions): string[] {
  return [
    ...connectionFaults(options),
    ...timeoutFaults(options),
    ...(options.cookie instanceof CookieOptions ? cookieFaults(options.cookie) : []),
    ...(options.lock instanceof LockOptions ? lockFaults(options) : []),
    ...limitFaults(options),
    ...migrationFaults(options),
    ...schemaFaults(options),
    ...originFaults(options),
    ...expiresHeaderFaults(options),
  ];
}

function connectionFaults({ cluster, databaseId, ssl, tls }: RedisSessionOptions): string[] {
  const faults: string[] = [];
  if (cluster !== undefined && Number.isInteger(databaseId) && databaseId !== 0)
    faults.push(
      `${nameWithVariable('databaseId')} is ${databaseId} while cluster is set; ` +
        'a Redis Cluster has only database 0. Remove databaseId.',
    );
  if (tls !== undefined && !ssl)
    faults.push(
      `${nameWithVariable('ssl')} is false while tls is set, so tls has no effect. ` +
        'Set ssl to true (in a connectionString: "rediss://" or "ssl=True"), or remove tls.',
    );
  return faults;
}

function cookieFaults(cookie: CookieOptions): string[] {
  const { secure, sameSite, partitioned } = cookie;
  const faults: string[] = [];
  const insecure = `${nameWithVariable('cookie.secure')} is ${shown(secure)}`;
  const remedy = 'browsers reject that cookie. Set cookie.secure to true.';
  // sameSite 'auto' is None only on HTTPS, where secure 'auto' sends the Secure that browsers require with it.
  if ((sameSite === 'none' && secure !== true) || (sameSite === 'auto' && secure === false))
    faults.push(`${insecure} while ${nameWithVariable('cookie.sameSite')} is ${shown(sameSite)}; ${remedy}`);
  if (partitioned && secure !== true)
    faults.push(`${insecure} while ${nameWithVariable('cookie.partitioned')} is true; ${remedy}`);
  return [...faults, ...cookiePrefixFaults(cookie)];
}

// RFC 6265bis §5.7: browsers ignore the case of these prefixes, and reject a cookie that breaks their rules.
function cookiePrefixFaults({ name, secure, domain, path }: CookieOptions): string[] {
  if (typeof name !== 'string') return [];
  const prefix = /^__(Host|Secure)-/i.exec(name)?.[1]?.toLowerCase();
  if (prefix === undefined) return [];
  const named = `${nameWithVariable('cookie.name')} is ${shown(name)} while `;
  const faults: string[] = [];
  if (secure !== true)
    faults.push(
      `${named}${nameWithVariable('cookie.secure')} is ${shown(secure)}; browsers reject that cookie. ` +
        'Set cookie.secure to true, or choose another name.',
    );
  if (prefix === 'host' && domain !== undefined)
    faults.push(
      `${named}${nameWithVariable('cookie.domain')} is ${shown(domain)}; browsers reject that cookie. ` +
        'Remove cookie.domain, or choose another name.',
    );
  if (prefix === 'host' && path !== '/')
    faults.push(
      `${named}${nameWithVariable('cookie.path')} is ${shown(path)}; browsers reject that cookie. ` +
        'Set cookie.path to "/", or choose another name.',
    );
  return faults;
}

function lockFaults({ lock, operationTimeoutInMilliseconds }: RedisSessionOptions): string[] {
  const { leaseInMilliseconds, maxHoldInMilliseconds } = lock;
  const faults: string[] = [];
  if (isLess(leaseInMilliseconds, operationTimeoutInMilliseconds))
    faults.push(
      `${nameWithVariable('lock.leaseInMilliseconds')} is ${leaseInMilliseconds} while ` +
        `${nameWithVariable('operationTimeoutInMilliseconds')} is ${operationTimeoutInMilliseconds}; ` +
        'a lock could expire before one operation ends. Raise lock.leaseInMilliseconds.',
    );
  if (isLess(maxHoldInMilliseconds, leaseInMilliseconds))
    faults.push(
      `${nameWithVariable('lock.maxHoldInMilliseconds')} is ${maxHoldInMilliseconds} while ` +
        `${nameWithVariable('lock.leaseInMilliseconds')} is ${leaseInMilliseconds}; ` +
        'a lease must not be longer than a lock can be held. Raise lock.maxHoldInMilliseconds, or lower lock.leaseInMilliseconds.',
    );
  return faults;
}

// A value that is not an integer is a fault already, and comparing it can throw.
function isLess(one: number, other: number): boolean {
  return Number.isInteger(one) && Number.isInteger(other) && one < other;
}

function limitFaults({ maxSessionsPerUser, store }: RedisSessionOptions): string[] {
  if (maxSessionsPerUser === undefined || !isObject(store) || hasMethods(store['index'], INDEX_METHODS))
    return [];
  return [
    `${nameWithVariable('maxSessionsPerUser')} is ${shown(maxSessionsPerUser)} while store is a SessionStore without an index ` +
      'that can lock, so it cannot count the sessions of a user. Implement SessionStore.index, or remove maxSessionsPerUser.',
  ];
}

function migrationFaults({ migrateFrom, store }: RedisSessionOptions): string[] {
  if (store === 'redis' || !(migrateFrom instanceof ExpressSessionMigration)) return [];
  if (migrateFrom.client !== undefined) return [];
  return [
    'migrateFrom has no client while the sessions are not in Redis, so the old sessions cannot be read. ' +
      'Pass a client to expressSession().',
  ];
}

function schemaFaults({ schema }: RedisSessionOptions): string[] {
  if (!isSessionSchema(schema) || !isAsync(schema)) return [];
  return [
    'schema has asynchronous rules, or rules that throw, but sessions are checked without waiting. Correct them.',
  ];
}

function expiresHeaderFaults({ expiresHeader, header }: RedisSessionOptions): string[] {
  if (typeof expiresHeader !== 'string' || typeof header?.name !== 'string') return [];
  if (expiresHeader.toLowerCase() !== header.name.toLowerCase()) return [];
  return [
    `${nameWithVariable('expiresHeader')} is ${shown(expiresHeader)}, which is also ${nameWithVariable('header.name')}; ` +
      'the header carries the credential. Choose another name.',
  ];
}

function originFaults({ trustedOrigins }: RedisSessionOptions): string[] {
  return Array.isArray(trustedOrigins)
    ? faultsOfOrigins(nameWithVariable('trustedOrigins'), trustedOrigins)
    : [];
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
