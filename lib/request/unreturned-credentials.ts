import type { SessionAnswer } from './session-answer.js';
import type { SessionIdResolver } from './session-id-resolver.js';

// A visitor whose browser drops the cookie tries the login again.
const SECURE_OVER_HTTP = 2;
// Robots and health checks keep no cookies, so anything else needs more evidence.
const ANY_REASON = 20;

/**
 * Warns once if the credentials that are sent never come back: every request of a visitor begins a new session then, and
 * nothing else tells why. Ends as soon as one client has presented a credential.
 */
export class UnreturnedCredentials {
  /** No warning is due any more: a client has presented a credential, or the warning was given. */
  done = false;
  #address: string | undefined;
  #inARow = 0;

  constructor(private readonly resolver: SessionIdResolver) {}

  /** Notes that a new session was given to a client which presented no credential. */
  sent(answer: SessionAnswer): void {
    if (this.done) return;
    if (answer.address !== this.#address) this.#inARow = 0;
    this.#address = answer.address;
    this.#inARow++;
    const warning = this.#warning(answer);
    if (warning === undefined) return;
    this.done = true;
    answer.warn(warning);
  }

  #warning(answer: SessionAnswer): string | undefined {
    const { transport } = this.resolver;
    const isSecure = this.resolver.isSecure(answer);
    if (isSecure === false && !answer.secure && answer.forwardedOverTls)
      return `The ${transport} was sent without Secure: a proxy says that it ended TLS (X-Forwarded-Proto), but the framework does not trust it. ${TRUST_PROXY}`;
    if (isSecure === true && !answer.secure && !answer.forwardedOverTls) {
      if (this.#inARow < SECURE_OVER_HTTP) return undefined;
      return `${this.#inARow} sessions in a row were created for one client, and no client has sent the ${transport} back. The cookie is Secure, but the requests arrive over plain HTTP, where browsers drop it. Serve HTTPS. To try the application without TLS, set cookie.secure to false (REDIS_SESSION_COOKIE_SECURE=false). If a proxy ends TLS, have it send X-Forwarded-Proto. ${TRUST_PROXY}`;
    }
    if (this.#inARow < ANY_REASON) return undefined;
    if (isSecure === undefined)
      return `${this.#inARow} sessions in a row were created for one client, and no client has sent the ${transport} back. Check that the client takes it from the answer and sends it with every request (a page of another origin needs exposedHeaders and allowedHeaders in CORS), and that no proxy removes it.`;
    return `${this.#inARow} sessions in a row were created for one client, and no client has sent the ${transport} back. Check that the client keeps and sends it (fetch() to another origin needs credentials: "include", and CORS must allow it), that no proxy removes it, and that cookie.domain, cookie.path and cookie.sameSite fit the address that visitors use.`;
  }
}

const TRUST_PROXY =
  'Have the framework trust the proxy: app.set("trust proxy", 1) on Express, new FastifyAdapter({ trustProxy: true }) on Fastify.';
