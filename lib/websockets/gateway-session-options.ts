import { faultsOfOrigins } from '../options/web-origin.js';
import type { AllowedOrigins } from '../request/allowed-origins.js';
import { SessionOptionsError } from '../shared.js';

/** Options of `@GatewaySession()`. */
export interface GatewaySessionOptions {
  /**
   * The registration whose sessions the gateway uses, if the application imports the module several times.
   * @default the registration without a name
   */
  name?: string;
  /**
   * The origins whose pages may open a socket: a list, or a function that returns `true` to allow an origin. It replaces
   * the default, so include your own origin. Sockets of other origins are closed before their cookie is read, which
   * prevents cross-site WebSocket hijacking (OWASP ASVS 5.0 V4.4.2). Clients that send no Origin header may connect: they
   * are not browsers, and have no visitor's cookies.
   *
   * You need it if pages are served from another host or port than the sockets, or if a proxy changes the Host header.
   * @default the origin in the Host header of the request that opened the socket
   * @example ['https://shop.example', 'http://localhost:4200']
   */
  allowedOrigins?: AllowedOrigins;
  /**
   * Closes a socket after its session was destroyed or rotated or has expired, even if the client sends no messages. If
   * it is `false`, the socket stays open and its messages are rejected.
   * @default false
   */
  closeOnSessionEnd?: boolean;
  /**
   * How often `closeOnSessionEnd` reads each session that has open sockets. The reads are spread evenly and do not slide
   * the idle timeout. If several gateways use the same sessions, the shortest interval applies to all of them. Seconds,
   * above 0 and up to 86400.
   * @default 10
   */
  checkEveryInSeconds?: number;
}

const CHECK_EVERY_IN_SECONDS = 10;
const A_DAY_IN_SECONDS = 86_400;

/** Returns the options with their defaults. @throws SessionOptionsError that lists every fault */
export function resolveGatewayOptions(
  options: GatewaySessionOptions,
): GatewaySessionOptions & { checkEveryInSeconds: number } {
  const { allowedOrigins, checkEveryInSeconds = CHECK_EVERY_IN_SECONDS } = options;
  const faults = Array.isArray(allowedOrigins) ? faultsOfOrigins('allowedOrigins', allowedOrigins) : [];
  if (!['undefined', 'function'].includes(typeof allowedOrigins) && !Array.isArray(allowedOrigins))
    faults.push(
      'allowedOrigins is neither a list of origins nor a function. Use one of them, or leave it out.',
    );
  if (!(checkEveryInSeconds > 0 && checkEveryInSeconds <= A_DAY_IN_SECONDS))
    faults.push(
      `checkEveryInSeconds is ${String(checkEveryInSeconds)}. Use seconds above 0, up to ${A_DAY_IN_SECONDS}.`,
    );
  if (faults.length > 0) throw new SessionOptionsError(faults.map((fault) => `@GatewaySession: ${fault}`));
  return { ...options, checkEveryInSeconds };
}
