import {
  SessionConflictError,
  SessionGoneError,
  SessionLimitError,
  SessionLockLostError,
  SessionStoreUnavailableError,
} from './session.errors.js';

/** Whether the store has decided, and nothing was written. */
export function isRefusal(error: unknown): boolean {
  return (
    error instanceof SessionConflictError ||
    error instanceof SessionGoneError ||
    error instanceof SessionLimitError ||
    error instanceof SessionLockLostError
  );
}

/** How far a write has come that has checks before and after it. */
export type WriteStep = 'not-sent' | 'sent' | 'done';

/** Whether a write that failed may have been carried out: only its answer was lost, or a check after it failed. */
export function mayBeStored(error: unknown, step: WriteStep = 'sent'): boolean {
  if (step === 'not-sent' || isRefusal(error)) return false;
  return step === 'done' || !(error instanceof SessionStoreUnavailableError) || error.outcomeUnknown;
}
