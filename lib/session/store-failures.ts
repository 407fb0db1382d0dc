import type { SessionCore } from './session-core.js';
import { SessionStoreUnavailableError } from './session.errors.js';

/** Keeps failures of the store where `lastException` shows them, and applies `throwOnError`. */
export class StoreFailures {
  latest: Error | undefined;
  latestAt: Date | undefined;

  constructor(private readonly policy: { readonly throwOnError: boolean }) {}

  record(error: unknown, core?: SessionCore): void {
    if (!(error instanceof SessionStoreUnavailableError)) return;
    this.latest = error;
    this.latestAt = new Date();
    if (core !== undefined) core.lastException = error;
  }

  /** Records an error. @throws it, unless it is a failure of the store and `throwOnError` is false */
  throwUnlessSilent(error: unknown, core?: SessionCore): void {
    this.record(error, core);
    if (this.policy.throwOnError || !(error instanceof SessionStoreUnavailableError)) throw error;
  }
}
