import type { SessionCredential } from '../session/session-credential.js';
import type { SessionExchange } from './session-exchange.js';

/** Carries the credential between client and server: in a cookie, or in a header. */
export interface SessionIdResolver {
  /** The well-formed credentials that a request presents, the first one first; mostly none or one. */
  resolve(exchange: SessionExchange): SessionCredential[];
  /** Gives the client a credential. `idleTimeoutInSeconds` is how long it is good for without a request. */
  send(exchange: SessionExchange, credential: string, idleTimeoutInSeconds: number): void;
  /** Tells the client to forget its credential. */
  expire(exchange: SessionExchange): void;
  /** Whether a credential is sent again with every answer, since the client's copy has an expiry that slides. */
  readonly resends: boolean;
  /** What carries the credential, in words; no two registrations of an application may share it. */
  readonly carrier: string;
}
