/** Every state of a session on a route. */
export const sessionStates = ['read-write', 'read-only', 'exclusive', 'disabled'] as const;

/**
 * What a route may do with the session.
 * - `read-write`: reads and writes without a lock; requests that change different attributes keep each other's changes.
 * - `read-only`: reads; a write is an error.
 * - `exclusive`: reads and writes while no other exclusive request of the session runs. The lock is taken right before the
 *   handler, which sees the session as it is then; middleware and guards see it as it was when the request arrived.
 * - `disabled`: there is no session.
 */
export type SessionState = (typeof sessionStates)[number];
