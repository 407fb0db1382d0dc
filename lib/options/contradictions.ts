import { CookieOptions } from './cookie-options.js';
import { isIntegerFrom, LARGEST_INTEGER } from './expectations.js';
import { ExpressSessionMigration } from './express-session.js';
import { LockOptions } from './lock-options.js';
import { nameWithVariable, shown } from './option-faults.js';
import type { RedisSessionOptions } from './redis-session.options.js';

/** Each says where Redis is, in place of the options listed with it. */
const replacedBy = {
  client: [
    'connectionString',
    'host',
    'port',
    'username',
    'accessKey',
    'ssl',
    'tls',
    'databaseId',
    'cluster',
    'sentinel',
  ],
  connectionString: ['host', 'port', 'username', 'accessKey', 'ssl', 'databaseId', 'cluster', 'sentinel'],
  cluster: ['host', 'port', 'sentinel'],
  sentinel: ['host', 'port'],
} as const;

/** Faults of options that were given side by side, from either source, and leave open which of them counts. */
export function connectionContradictions(given: Readonly<Record<string, unknown>>): string[] {
  const faults: string[] = [];
  for (const [option, replaced] of Object.entries(replacedBy)) {
    const beside = replaced.filter((other) => given[other] !== undefined);
    if (given[option] === undefined || beside.length === 0) continue;
    const names = listed(beside.map((other) => nameWithVariable(other)));
    faults.push(
      `${nameWithVariable(option)} is given beside ${names}; ${option} takes ${beside.length === 1 ? 'its' : 'their'} place. ` +
        `Remove ${option}, or ${listed(beside)}.`,
    );
  }
  if (given['username'] !== undefined && given['accessKey'] === undefined)
    faults.push(
      `${nameWithVariable('username')} is given without ${nameWithVariable('accessKey')}; ` +
        'Redis takes a user name only with its password. Set accessKey, or remove username.',
    );
  return faults;
}

/** Faults of values that are right by themselves and wrong together. */
export function valueContradictions(options: RedisSessionOptions): string[] {
  return [
    ...connectionFaults(options),
    ...timeoutFaults(options),
    ...(options.cookie instanceof CookieOptions ? cookieFaults(options.cookie) : []),
    ...(options.lock instanceof LockOptions ? lockFaults(options) : []),
    ...migrationFaults(options),
  ];
}

function connectionFaults({ cluster, databaseId, ssl, tls }: RedisSessionOptions): string[] {
  const faults: string[] = [];
  if (cluster !== undefined && Number.isInteger(databaseId) && databaseId !== 0)
    faults.push(
      `${nameWithVariable('databaseId')} is ${databaseId} while cluster is given; ` +
        'a Redis Cluster has database 0 only. Remove databaseId.',
    );
  if (tls !== undefined && !ssl)
    faults.push(
      `${nameWithVariable('ssl')} is false while tls is given; tls has no effect then. ` +
        'Set ssl to true (in a connectionString: "rediss://" or "ssl=True"), or remove tls.',
    );
  return faults;
}

function timeoutFaults({ idleTimeoutInSeconds, maxIdleTimeoutInSeconds }: RedisSessionOptions): string[] {
  if (!Number.isInteger(maxIdleTimeoutInSeconds)) return [];
  if (!isIntegerFrom(maxIdleTimeoutInSeconds + 1, LARGEST_INTEGER, idleTimeoutInSeconds)) return [];
  return [
    `${nameWithVariable('maxIdleTimeoutInSeconds')} is ${shown(maxIdleTimeoutInSeconds)} while ` +
      `${nameWithVariable('idleTimeoutInSeconds')} is ${shown(idleTimeoutInSeconds)}; ` +
      'it cannot be less. Raise maxIdleTimeoutInSeconds, or remove it.',
  ];
}

function cookieFaults(cookie: CookieOptions): string[] {
  const { secure, sameSite, partitioned } = cookie;
  const faults: string[] = [];
  const insecure = `${nameWithVariable('cookie.secure')} is ${shown(secure)}`;
  const remedy = 'browsers reject that cookie. Set cookie.secure to true.';
  // sameSite 'auto' says "none" on HTTPS alone, where secure 'auto' sends the attribute that browsers want with it.
  if ((sameSite === 'none' && secure !== true) || (sameSite === 'auto' && secure === false))
    faults.push(`${insecure} while ${nameWithVariable('cookie.sameSite')} is ${shown(sameSite)}; ${remedy}`);
  if (partitioned && secure !== true)
    faults.push(`${insecure} while ${nameWithVariable('cookie.partitioned')} is true; ${remedy}`);
  return [...faults, ...cookiePrefixFaults(cookie)];
}

// RFC 6265bis §5.7: browsers compare these prefixes without regard to case, and drop a cookie that breaks their rules.
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
        'a lock could end before one operation does. Raise lock.leaseInMilliseconds.',
    );
  if (isLess(maxHoldInMilliseconds, leaseInMilliseconds))
    faults.push(
      `${nameWithVariable('lock.maxHoldInMilliseconds')} is ${maxHoldInMilliseconds} while ` +
        `${nameWithVariable('lock.leaseInMilliseconds')} is ${leaseInMilliseconds}; ` +
        'a lease could last longer than a lock may. Raise lock.maxHoldInMilliseconds, or lower lock.leaseInMilliseconds.',
    );
  return faults;
}

// What is no integer is a fault already, and not everything can be compared.
function isLess(one: number, other: number): boolean {
  return Number.isInteger(one) && Number.isInteger(other) && one < other;
}

function migrationFaults({ migrateFrom, store }: RedisSessionOptions): string[] {
  if (store === 'redis' || !(migrateFrom instanceof ExpressSessionMigration)) return [];
  if (migrateFrom.client !== undefined) return [];
  return [
    'migrateFrom is given without a client while the sessions are not in Redis; there is nowhere to read the old ones from. ' +
      'Give expressSession() a client.',
  ];
}

function listed(names: readonly string[]): string {
  return names.length < 2 ? names.join('') : `${names.slice(0, -1).join(', ')} and ${names.at(-1)}`;
}
