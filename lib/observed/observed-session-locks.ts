import { type LockedSession, SessionLocks, type SessionLockPolicy } from '../session/session-locks.js';
import type { SessionStore } from '../session/session-store.js';
import { SessionLockTimeoutError } from '../session/session.errors.js';
import type { Observation } from './observation.js';
import { bytesIn } from './observed-bytes.js';

/** Reports how long requests wait for their session: in the queue of this process, and in the store. */
export class ObservedSessionLocks extends SessionLocks {
  constructor(
    store: SessionStore,
    policy: SessionLockPolicy,
    private readonly observation: Observation,
  ) {
    super(store, policy);
  }

  override acquire(id: string, signal?: AbortSignal): Promise<LockedSession | undefined> {
    return this.observation.run(
      { operation: 'lock', id },
      () => super.acquire(id, signal),
      (locked) => ({
        outcome: locked === undefined ? 'absent' : 'found',
        bytes: bytesIn(locked?.record.attributes),
      }),
      (error) => (error instanceof SessionLockTimeoutError ? { outcome: 'locked' } : undefined),
    );
  }
}
