import type { SessionCore } from '../session/session-core.js';
import type { SessionOperations } from '../session/session-operations.js';
import type { SessionState } from '../session/session-state.js';
import type { DeviceHook } from './device-hook.js';
import type { RequestHeaders } from './session-answer.js';
import type { SessionIdResolver } from './session-id-resolver.js';
import { UnreturnedCredentials } from './unreturned-credentials.js';

/** A session that takes the place of one of other software. */
export interface MigratedSession {
  readonly core: SessionCore;
  /** What opens it. */
  readonly credential: string;
}

/** Takes over sessions of other software. */
export interface MigrationHook {
  /**
   * @returns `undefined` if the request presents none; a promise of `undefined` if the one that it presents is gone.
   * The request starts anew then.
   */
  migrate(headers: RequestHeaders): Promise<MigratedSession | undefined> | undefined;
  /** The Set-Cookie header that removes the cookie of the other software. */
  readonly removal: string;
}

/** One import of the module, as its requests need it: whose sessions they are and how a credential is carried. */
export class SessionRegistration {
  readonly unreturned: UnreturnedCredentials;

  constructor(
    /** `undefined` for the registration without a name. */
    readonly name: string | undefined,
    readonly operations: SessionOperations,
    readonly resolver: SessionIdResolver,
    /** What routes do with the session unless they say otherwise. */
    readonly sessionState: SessionState,
    /** The Cache-Control of an answer for which the session was read, unless the application sets one. */
    readonly cacheControl: 'private' | 'no-store' = 'private',
    /** Asked only if a request has no session of ours. */
    readonly migration?: MigrationHook,
    /** The header of an answer that tells the seconds until the session ends. */
    readonly expiresHeader?: string,
    /** Asked only about sessions that were found. */
    readonly devices?: DeviceHook,
  ) {
    this.unreturned = new UnreturnedCredentials(resolver);
  }
}
