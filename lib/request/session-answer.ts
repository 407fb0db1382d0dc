/** The headers of a request, as Node gives them: names in lower case. */
export type RequestHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** What stores the session of a request before its answer leaves. */
export interface Commits {
  /** The session is stored and the answer's headers say so. */
  readonly committed: boolean;
  /**
   * Called again, stores what changed since.
   * @param failed the server failed to answer, so the changes of the request are discarded
   * @returns `undefined` if there is nothing to wait for
   */
  commit(failed: boolean): Promise<void> | undefined;
}

/** The answer of a request: carries the credential, and waits until the session is stored. */
export interface SessionAnswer {
  /** Whether the request came over TLS, by the framework's trust-proxy setting; never by a raw header. */
  readonly secure: boolean;
  /** A header says that a proxy received the request over TLS. Any client can send it: for warnings only. */
  readonly forwardedOverTls: boolean;
  /** The client's address, by the framework's trust-proxy setting. */
  readonly address: string | undefined;
  /** Nobody waits for the answer any more: it was sent, or the client has gone. */
  readonly closed: boolean;
  /** It is too late for a header. */
  readonly headersSent: boolean;
  /** A header that was set. */
  header(name: string): string | undefined;
  hasHeader(name: string): boolean;
  setHeader(name: string, value: string): void;
  /** Adds a Set-Cookie header and keeps the others. */
  addCookie(cookie: string): void;
  /** From now on nothing leaves before `request` has committed. */
  hold(request: Commits): void;
  onceClosed(listener: () => void): void;
  /** Logs, with the route, what became of a session that the answer can no longer tell of. */
  warn(message: string): void;
}

/** Forbids shared caches to keep an answer with a credential: they would hand it to the next visitor. */
export function keepFromSharedCaches(answer: SessionAnswer): void {
  const given = answer.header('cache-control');
  const kept = withoutSharedCaches(given ?? '');
  if (kept !== given) answer.setHeader('cache-control', kept);
}

/** What Cache-Control says, as far as it is for the visitor's own cache (RFC 9111, 5.2.2). */
export function withoutSharedCaches(cacheControl: string): string {
  const directives = cacheControl
    .split(',')
    .map((directive) => directive.trim())
    .filter((directive) => directive !== '' && !/^(public|s-maxage)\b/i.test(directive));
  const isPrivate = directives.some((directive) => /^(private|no-store)$/i.test(directive));
  return (isPrivate ? directives : ['private', ...directives]).join(', ');
}
