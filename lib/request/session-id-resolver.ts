import type { SessionCredential } from '../session/session-credential.js';
import type { RequestHeaders, SessionAnswer } from './session-answer.js';

/** Carries the credential between client and server: in a cookie, or in a header. */
export interface SessionIdResolver {
  /** The well-formed credentials that a request presents, in their order; mostly none or one. */
  resolve(headers: RequestHeaders): SessionCredential[];
  /**
   * Gives the client a credential. `idleTimeoutInSeconds` is how long it is good for without a request; `persistent`, a
   * session whose cookie outlives the browser window whatever the options say.
   */
  send(answer: SessionAnswer, credential: string, idleTimeoutInSeconds: number, persistent: boolean): void;
  /** The headers of a request that presents a credential. */
  headersOf(credential: string): Record<string, string>;
  /** Makes the client forget its credential. */
  expire(answer: SessionAnswer): void;
  /** Whether every answer sends the credential again, because the client's copy has an expiry that slides. */
  resends(persistent: boolean): boolean;
  /** Whether the answer gives the credential in a cookie that is Secure; `undefined` if not in a cookie. */
  isSecure(answer: SessionAnswer): boolean | undefined;
  /** Clients present the credential to this path and those below it (RFC 6265, 5.1.4). */
  readonly path: string;
  /** The authentication scheme that carries the credential (RFC 9110, 11.1). @default none: a cookie, or a plain header */
  readonly scheme?: string | undefined;
  /** What carries the credential, in words; no two registrations of an application may share it. */
  readonly transport: string;
}
