import { newSessionId } from '../session/session-credential.js';
import { SessionKeys } from './session-keys.js';

/** A command that sessions send, in a form that names a session which does not exist. */
export interface NeededCommand {
  readonly command: readonly string[];
  /** Whether this form changes nothing if it is sent. */
  readonly isHarmless: boolean;
}

/** What an application may use, as docs/redis.md lists its rights. */
export type SessionUse =
  | 'sessions'
  | 'session.user'
  | 'maxSessionsPerUser'
  | 'destroyAll(), the command line'
  | 'exclusive routes'
  | 'retries, or client'
  | 'a Cluster'
  | 'databaseId';

/** The commands of each use. docs/redis.md has the same list as ACL rules. */
export function neededCommands(applicationName: string, databaseId = 0): Record<SessionUse, NeededCommand[]> {
  const keys = new SessionKeys(applicationName);
  const id = newSessionId();
  const data = keys.data(id);
  const lock = keys.writeLock(id);
  const sessions = keys.sessions({ index: 'user', value: id });
  const limit = keys.limitLock({ index: 'user', value: id });
  const channel = keys.turns('doctor-says');
  return {
    sessions: [
      harmless('INFO', 'server'),
      harmless('HGETALL', data),
      harmless('HGET', data, 'a'),
      harmless('HMGET', data, 'a'),
      sent('HSET', data, 'a', '1'),
      harmless('HDEL', data, 'a'),
      harmless('GET', lock),
      harmless('DEL', data),
      harmless('PEXPIRE', data, '1', 'GT'),
      harmless('TIME'),
      harmless('EVALSHA', '0'.repeat(40), '1', data),
      harmless('EVAL', 'return 1', '1', data),
    ],
    'session.user': [
      harmless('SET', keys.refused({ index: 'user', value: id }), '', 'XX', 'PX', '1'),
      harmless('ZADD', sessions, 'XX', '0', id),
      harmless('ZRANGE', sessions, '0', '1'),
      harmless('ZREM', sessions, id),
      harmless('ZSCAN', sessions, '0'),
      harmless('PTTL', data),
      harmless('PEXPIRETIME', data),
    ],
    maxSessionsPerUser: [
      harmless('EXISTS', limit),
      sent('APPEND', limit, 'a'),
      harmless('PUBLISH', channel, ''),
      sent('SUBSCRIBE', channel),
      harmless('PING'),
    ],
    'destroyAll(), the command line': [harmless('SCAN', '0', 'COUNT', '1'), harmless('PTTL', data)],
    'exclusive routes': [
      harmless('SET', lock, '', 'XX', 'PX', '1'),
      harmless('EXISTS', lock),
      sent('APPEND', lock, 'a'),
      harmless('PTTL', lock),
      harmless('PUBLISH', channel, ''),
      sent('SUBSCRIBE', channel),
      harmless('PING'),
    ],
    'retries, or client': [
      harmless('SET', keys.receipt(id, id), '', 'XX', 'PX', '1'),
      harmless('EXISTS', keys.receipt(id, id)),
    ],
    'a Cluster': [
      harmless('CLUSTER', 'SLOTS'),
      harmless('CLUSTER', 'INFO'),
      sent('ASKING'),
      sent('READONLY'),
      sent('READWRITE'),
      sent('CLIENT', 'SETNAME', 'sessions'),
    ],
    databaseId: [harmless('SELECT', String(databaseId))],
  };
}

function harmless(...command: string[]): NeededCommand {
  return { command, isHarmless: true };
}

// They would store something, or change the connection.
function sent(...command: string[]): NeededCommand {
  return { command, isHarmless: false };
}
