import {
  SessionConflictError,
  SessionGoneError,
  SessionLockLostError,
  SessionStoreUnavailableError,
} from './session.errors.js';

/** Whether the store has decided, and nothing was written. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof SessionConflictError ||
    error instanceof SessionGoneError ||
    error instanceof SessionLockLostError
  );
}

/** Whether a write that failed may have been carried out: only its answer was lost. */
export function mayBeStored(error: unknown): boolean {
  return error instanceof SessionStoreUnavailableError ? error.outcomeUnknown : !isRefusal(error);
}
