import { Logger } from '@nestjs/common';
import { ExpirySweep } from './observed/expiry-sweep.js';
import { SessionEvents } from './observed/session-events.js';
import type { RedisSessionOptions } from './options/redis-session.options.js';
import { readableAttributes } from './session/readable-attributes.js';
import type { SessionPolicy } from './session/session-policy.js';
import type { SessionStore } from './session/session-store.js';

/** @returns `undefined` if nobody listens, so that nothing is noted */
export function eventsOf({ events, applicationName }: RedisSessionOptions): SessionEvents | undefined {
  if (events === undefined) return undefined;
  const log = new Logger('RedisSessionModule');
  return new SessionEvents(events, applicationName, (message) => log.warn(message));
}

/** @returns `undefined` if nobody listens, or if the store does not know which sessions expire */
export function expirySweepOf(
  store: SessionStore,
  policy: SessionPolicy,
  events: SessionEvents | undefined,
): ExpirySweep | undefined {
  const expiries = events && store.watchExpiries?.(policy.listedAttributes);
  if (expiries === undefined) return undefined;
  return new ExpirySweep(expiries, ({ id, attributes }) =>
    events!.emit({ name: 'session.expired', id, attributes: readableAttributes(id, attributes, policy) }),
  );
}
