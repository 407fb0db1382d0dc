import type { EmitSessionEvent } from './session-event.js';
import type { ForgedCredentialReport } from './forged-credentials.js';
import type { AttributePolicy } from './session-attributes.js';
import type { SessionIndexer } from './index-value.js';
import type { CookieSettings } from './session-cookie.js';
import type { SessionLockPolicy } from './session-locks.js';
import type { SessionTimeouts } from './session-store.js';

/** What a login does if its user has `maxSessionsPerUser` sessions: it ends the oldest ones, or is refused. */
export type OnSessionLimit = 'end-oldest' | 'refuse';

/** What the application's options say about every session. */
export interface SessionPolicy extends AttributePolicy {
  readonly idleTimeoutInSeconds: number;
  readonly maxIdleTimeoutInSeconds: number;
  readonly absoluteTimeoutInSeconds?: number | undefined;
  readonly maxSessionBytes: number;
  readonly throwOnError: boolean;
  readonly rotationGraceInSeconds: number;
  readonly onForgedCredential?: ((report: ForgedCredentialReport) => void) | undefined;
  /** Reports events; `undefined` if nobody listens. */
  readonly emit?: EmitSessionEvent | undefined;
  readonly cookie: CookieSettings;
  readonly lock: SessionLockPolicy;
  readonly indexes: Readonly<Record<string, SessionIndexer>>;
  readonly listedAttributes: readonly string[];
  readonly maxSessionsPerUser?: number | undefined;
  readonly onSessionLimit: OnSessionLimit;
}

/** The application's timeouts as stores take them. */
export function timeoutsOf({
  idleTimeoutInSeconds,
  absoluteTimeoutInSeconds,
}: SessionPolicy): SessionTimeouts {
  return {
    defaultIdleTimeoutInMilliseconds: idleTimeoutInSeconds * 1000,
    absoluteTimeoutInMilliseconds:
      absoluteTimeoutInSeconds === undefined ? undefined : absoluteTimeoutInSeconds * 1000,
  };
}
