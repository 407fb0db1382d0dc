import { Logger } from '@nestjs/common';
import type { SessionEvents } from './observed/session-events.js';
import { Observation } from './observed/observation.js';
import { OperationLog } from './observed/operation-log.js';
import type { RedisSessionOptions } from './options/redis-session.options.js';

/** @returns `undefined` if nobody listens, so that nothing is measured */
export function observationOf(options: RedisSessionOptions, events?: SessionEvents): Observation | undefined {
  const observers = [...options.observers];
  const log = new Logger('RedisSessionModule');
  if (options.logOperations && Logger.isLevelEnabled('debug'))
    observers.push(new OperationLog((line) => log.debug(line)));
  if (observers.length === 0 && events === undefined) return undefined;
  const { applicationName, store } = options;
  const kind = typeof store === 'string' ? store : 'other';
  return new Observation(
    observers,
    { applicationName, store: kind },
    (message) => log.warn(message),
    events?.ended,
  );
}
