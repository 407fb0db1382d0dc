import {
  type CanActivate,
  type ExecutionContext,
  Inject,
  Injectable,
  Logger,
  Optional,
} from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { isCrossSite } from '../request/allowed-origins.js';
import { ALLOWS_CROSS_SITE } from '../request/decorator-metadata.js';
import { RefusedOrigins } from '../request/refused-origins.js';
import type { RequestHeaders } from '../request/session-answer.js';
import { SessionCrossSiteError } from '../session/session.errors.js';
import { getRedisSessionOptionsToken } from '../session-tokens.js';
import { httpOfContext } from './session-source.js';

// A page of any site can make a browser send these with the visitor's cookies: handlers must not change anything then.
const SAFE_METHODS = new Set(['GET', 'HEAD', 'OPTIONS']);

const logger = new Logger('CrossSiteGuard');

/** What requests of Express and of Fastify have in common. `protocol` follows the trust-proxy setting. */
interface HttpRequest {
  /** `undefined` if it is not a request. */
  readonly method: string | undefined;
  readonly protocol: string;
  readonly headers: RequestHeaders;
}

/**
 * Refuses requests that pages of other sites send with the visitor's cookies (cross-site request forgery; OWASP ASVS 5.0
 * V3.5.1). Reads the headers Sec-Fetch-Site and Origin, which pages cannot change, so forms need no token. It needs no
 * session, and works for handlers, for controllers, globally, and for resolvers of GraphQL over HTTP.
 *
 * - GET, HEAD and OPTIONS pass: they must not change anything.
 * - Sec-Fetch-Site `same-origin` and `none` pass, others do not. Browsers send it over HTTPS and to localhost.
 * - Without it, the Origin must be that of the Host header. The origin `null` is refused.
 * - Without both headers the request passes: it is not from a browser.
 * - `trustedOrigins` and handlers with `@AllowCrossSite()` pass.
 *
 * Messages of WebSockets pass: `@GatewaySession()` checks the origin when a socket opens.
 *
 * @throws SessionCrossSiteError (403)
 * @example
 * ```ts
 * providers: [{ provide: APP_GUARD, useClass: CrossSiteGuard }]
 * ```
 */
@Injectable()
export class CrossSiteGuard implements CanActivate {
  readonly #reflector = new Reflector();
  readonly #refused = new RefusedOrigins((origin, host) =>
    logger.warn(
      `Refused a request that a page of the origin ${origin} sent to the host ${host}. If these pages are yours, add their origin to trustedOrigins of RedisSessionModule.`,
    ),
  );

  /** @param options of the registration without a name, or `{ trustedOrigins }`. @default no other origin is trusted */
  constructor(
    @Optional()
    @Inject(getRedisSessionOptionsToken())
    private readonly options?: Pick<RedisSessionOptions, 'trustedOrigins'>,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const request = httpOfContext(context)?.request as HttpRequest | undefined;
    // The context of a GraphQL subscription over a socket need not hold an HTTP request.
    if (request?.method === undefined || SAFE_METHODS.has(request.method)) return true;
    const { headers, protocol } = request;
    if (!isCrossSite(headers, protocol === 'https', this.options?.trustedOrigins)) return true;
    if (this.#isExempt(context)) return true;
    this.#refused.add(headers);
    throw new SessionCrossSiteError();
  }

  #isExempt(context: ExecutionContext): boolean {
    const places = [context.getHandler(), context.getClass()];
    return this.#reflector.getAllAndOverride<boolean | undefined>(ALLOWS_CROSS_SITE, places) === true;
  }
}
