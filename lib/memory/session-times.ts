import type { SessionChanges, SessionRecord, SessionTimeouts } from '../session/session-store.js';

/** When a session ends at the latest: the earlier of the stored end and the one of today's option. */
export function absoluteEnd(record: SessionRecord, timeouts?: SessionTimeouts): number {
  const { createdAt, restartedAt = createdAt, expiresAt = Infinity } = record;
  return Math.min(expiresAt, restartedAt + (timeouts?.absoluteTimeoutInMilliseconds ?? Infinity));
}

/** The times that a write changes in a session. */
export function timesAfter(changes: SessionChanges, now: number): Partial<SessionRecord> {
  const { authentication, absoluteTimeoutInMilliseconds: most } = changes;
  if (authentication === undefined) return {};
  if (authentication === 'ended') return { authenticatedAt: undefined };
  if (authentication === 'bound') return { authenticatedAt: now };
  return {
    authenticatedAt: now,
    restartedAt: now,
    expiresAt: most === undefined ? undefined : now + most,
  };
}
