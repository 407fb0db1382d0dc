/** The headers of a request, as Node gives them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What stores the session of a request before its answer leaves. */
export interface Commits {
  /** The session is stored and the answer's headers say so; nothing of the request is stored any more. */
  readonly committed: boolean;
  /**
   * @param failed the server failed to answer, so the changes of the request are discarded
   * @returns `undefined` if there is nothing to wait for
   */
  commit(failed: boolean): Promise<void> | undefined;
}

/** The answer of a request: carries the credential, and waits until the session is stored. */
export interface SessionAnswer {
  /** Whether the request came over TLS, by the framework's trust-proxy setting; never by a raw header. */
  readonly secure: boolean;
  /** Nobody waits for the answer any more: it was sent, or the client has gone. */
  readonly closed: boolean;
  /** It is too late for a header. */
  readonly headersSent: boolean;
  hasHeader(name: string): boolean;
  setHeader(name: string, value: string): void;
  /** Adds a Set-Cookie header and keeps the others. */
  addCookie(cookie: string): void;
  /** From now on nothing leaves before `request` has committed. */
  hold(request: Commits): void;
  onceClosed(listener: () => void): void;
}

/**
 * Forbids shared caches to keep the answer, unless the application said what they may: a shared cache would hand one
 * visitor's credential to the next.
 */
export function keepFromSharedCaches(answer: SessionAnswer): void {
  if (!answer.hasHeader('cache-control')) answer.setHeader('cache-control', 'private');
}
