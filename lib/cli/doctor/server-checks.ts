import { OLDEST_MAJOR } from '../../redis/old-server.js';
import { duration, size } from '../figures.js';
import type { CheckedServer } from './checked-server.js';
import type { Finding } from './finding.js';

/** Examines one server. */
export type ServerCheck = (server: CheckedServer) => Promise<Finding>;

export const checkVersion: ServerCheck = async (server) => {
  const name = 'version';
  const version = await server.info('redis_version');
  const valkey = await server.info('valkey_version');
  if (version === undefined)
    return {
      name,
      status: 'unknown',
      seen: 'the server does not tell its version',
      todo: `Make sure that it is Redis ${OLDEST_MAJOR}.0 or later, or Valkey.`,
    };
  const seen = valkey === undefined ? `Redis ${version}` : `Valkey ${valkey}`;
  if (Number.parseInt(version, 10) >= OLDEST_MAJOR) return { name, status: 'ok', seen, todo: '' };
  return {
    name,
    status: 'problem',
    seen: `${seen} is too old: it refuses PEXPIRE with GT, so requests that only read do not keep sessions alive`,
    todo: `Upgrade to Redis ${OLDEST_MAJOR}.0 or later, or to Valkey.`,
  };
};

/** Whether Redis can throw sessions away, or refuse new ones, because its memory is full. */
export const checkMemory: ServerCheck = async (server) => {
  const name = 'memory';
  const policy = (await server.info('maxmemory_policy')) ?? (await server.setting('maxmemory-policy'));
  if (policy === undefined)
    return {
      name,
      status: 'unknown',
      seen: 'could not check maxmemory-policy: INFO and CONFIG do not show it',
      todo: 'Set it to noeviction where you manage the server.',
    };
  const limit = Number(await server.info('maxmemory'));
  const used = Number(await server.info('used_memory'));
  const share = limit > 0 ? used / limit : 0;
  const seen = `maxmemory-policy is ${policy}, ${size(used)} ${limit > 0 ? `of ${size(limit)}` : '(no maxmemory)'} used`;
  if (policy !== 'noeviction')
    return {
      name,
      status: 'warning',
      seen: `${seen}: when memory is full, Redis deletes ${policy.startsWith('allkeys') ? 'keys, sessions among them' : 'keys that expire, as sessions do'}, and visitors are logged out`,
      todo: 'Set maxmemory-policy to noeviction. Keep caches in another Redis.',
    };
  if (share >= 0.9)
    return {
      name,
      status: share >= 1 ? 'problem' : 'warning',
      seen: `${seen}: when memory is full, Redis refuses to store sessions`,
      todo: 'Raise maxmemory, or shorten idleTimeoutInSeconds.',
    };
  return { name, status: 'ok', seen, todo: '' };
};

export const checkPersistence: ServerCheck = async (server) => {
  const name = 'persistence';
  const aof = (await server.info('aof_enabled')) ?? (await server.setting('appendonly'));
  if (aof === '1' || aof === 'yes')
    return { name, status: 'ok', seen: 'the append-only file is on', todo: '' };
  const save = await server.setting('save');
  if (save === undefined)
    return {
      name,
      status: 'unknown',
      seen: 'could not check whether snapshots are on: CONFIG is forbidden',
      todo: 'Without persistence or a replica, a restart of Redis ends all sessions.',
    };
  if (save !== '')
    return {
      name,
      status: 'ok',
      seen: `snapshots are on (${save}); a restart loses the last minutes`,
      todo: '',
    };
  return {
    name,
    status: 'ok',
    seen: 'off: a restart of Redis ends all sessions',
    todo: 'If sessions must survive a restart, set appendonly to yes.',
  };
};

/** Whether sessions of usual size are stored compactly. */
export const checkListpack: ServerCheck = async (server) => {
  const name = 'compact hashes';
  const bytes = await server.setting('hash-max-listpack-value');
  if (bytes === undefined)
    return {
      name,
      status: 'unknown',
      seen: 'could not check hash-max-listpack-value: CONFIG is forbidden',
      todo: '',
    };
  return {
    name,
    status: 'ok',
    seen: `hash-max-listpack-value is ${bytes}: a session with a longer attribute takes about twice the memory`,
    todo: Number(bytes) < 512 ? 'To save memory, set hash-max-listpack-value to 512.' : '',
  };
};

/** Whether Redis serves others while it frees the list of a user with very many sessions. */
export const checkLazyExpire: ServerCheck = async (server) => {
  const name = 'long lists';
  const lazy = await server.setting('lazyfree-lazy-expire');
  if (lazy === undefined)
    return {
      name,
      status: 'unknown',
      seen: 'could not check lazyfree-lazy-expire: CONFIG is forbidden',
      todo: '',
    };
  if (lazy === 'yes') return { name, status: 'ok', seen: 'lazyfree-lazy-expire is yes', todo: '' };
  return {
    name,
    status: 'ok',
    seen: `lazyfree-lazy-expire is ${lazy}: Redis stops for about 30 ms when the list of a user with 100,000 sessions expires`,
    todo: 'If users have that many sessions, set lazyfree-lazy-expire to yes.',
  };
};

/** Whether writes are accepted, and whether somebody takes over. */
export const checkReplication: ServerCheck = async (server) => {
  const name = 'replication';
  const role = await server.info('role');
  if (role === undefined)
    return { name, status: 'unknown', seen: 'could not check: INFO does not show it', todo: '' };
  if (role !== 'master')
    return {
      name,
      status: 'problem',
      seen: 'this server is a replica, which refuses every write',
      todo: 'Connect to the master, or set sentinel or cluster so that the client finds it.',
    };
  const replicas = Number((await server.info('connected_slaves')) ?? 0);
  const least = await server.setting('min-replicas-to-write');
  const seen = `a master with ${replicas} connected replicas, min-replicas-to-write is ${least ?? 'not known (CONFIG is forbidden)'}`;
  if (replicas > 0 && least === '0')
    return {
      name,
      status: 'ok',
      seen,
      todo: 'Set min-replicas-to-write to 1 and min-replicas-max-lag to 10, so that a master that is cut off stops accepting writes.',
    };
  return { name, status: 'ok', seen, todo: '' };
};

const PINGS = 9;
const SLOW_MS = 10;
const SKEW_MS = 2000;

/** How long Redis takes to answer, and how far its clock is from that of this machine. TIME needs no right of its own. */
export async function checkTime(server: CheckedServer): Promise<Finding[]> {
  const pings: { readonly took: number; readonly skew: number }[] = [];
  for (let i = 0; i < PINGS; i++) {
    const [startedAt, sentAt] = [performance.now(), Date.now()];
    // oxlint-disable-next-line no-await-in-loop -- one after the other, as a request does
    const [seconds = 0, microseconds = 0] = (await server.within(server.redis.time())).map(Number);
    const took = performance.now() - startedAt;
    pings.push({ took, skew: seconds * 1000 + microseconds / 1000 - (sentAt + took / 2) });
  }
  const sorted = pings.toSorted((one, other) => one.took - other.took);
  return [latency(sorted[0]!.took, sorted[PINGS >> 1]!.took), clockFinding(sorted[0]!)];
}

function latency(least: number, median: number): Finding {
  const seen = `an answer takes ${median.toFixed(1)} ms (at best ${least.toFixed(1)} ms)`;
  return median < SLOW_MS
    ? { name: 'latency', status: 'ok', seen, todo: '' }
    : {
        name: 'latency',
        status: 'warning',
        seen: `${seen}; every request with a session waits that long`,
        todo: 'Run Redis in the region and zone of the application, and look for slow commands (SLOWLOG GET).',
      };
}

/** @param answer the fastest one, because half of its time is how far off the comparison can be. Milliseconds */
export function clockFinding({ took, skew }: { readonly took: number; readonly skew: number }): Finding {
  const apart = Math.max(0, Math.abs(skew) - took / 2);
  const seen =
    apart < 1000
      ? 'the clocks agree to a second'
      : `the clock of Redis is ${duration(apart)} ${skew > 0 ? 'ahead of' : 'behind'} the clock here`;
  return apart < SKEW_MS
    ? { name: 'clock', status: 'ok', seen, todo: '' }
    : {
        name: 'clock',
        status: 'warning',
        seen: `${seen}: absolute ends of sessions and rotationGraceInSeconds are off by that`,
        todo: 'Synchronise the clocks of both machines (NTP).',
      };
}
