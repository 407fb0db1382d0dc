import { faultsOfOrigins, type AllowedOrigins } from '../request/allowed-origins.js';
import { SessionOptionsError } from '../session/session.errors.js';

/** What a gateway does with the sessions of its sockets. */
export interface GatewaySessionOptions {
  /**
   * The registration whose sessions these are, where the application has several.
   * @default the one without a name
   */
  name?: string;
  /**
   * The origins whose pages may open a socket: a list, or a function that returns `true` for those. It replaces the
   * default, so list your own origin as well. A socket that a page of another origin opens is closed before its cookie
   * is read (cross-site WebSocket hijacking: OWASP ASVS 5.0 V4.4.2). Clients that send no Origin header are not
   * browsers, have no visitor's cookies, and may connect.
   *
   * You need it if pages come from another host or port than the sockets, or if a proxy does not pass on the Host header.
   * @default the origin that the socket was opened at, by its Host header
   * @example ['https://shop.example', 'http://localhost:4200']
   */
  allowedOrigins?: AllowedOrigins;
  /**
   * Closes a socket when its session was destroyed, has expired or was rotated, also one that only listens. Without it
   * such a socket stays open, and its messages are refused.
   * @default false
   */
  closeOnSessionEnd?: boolean;
  /**
   * How soon `closeOnSessionEnd` notices: within this time each session of an open socket is read once, however many
   * sockets it has. The reads are spread over the time and do not slide the idle timeout. Of several gateways with the
   * same sessions the shortest counts. Seconds, above 0 and up to 86400.
   * @default 10
   */
  checkEveryInSeconds?: number;
}

const CHECK_EVERY_IN_SECONDS = 10;
const A_DAY_IN_SECONDS = 86_400;

/** The options, with the defaults filled in. @throws SessionOptionsError with every fault at once */
export function resolveGatewayOptions(
  options: GatewaySessionOptions,
): GatewaySessionOptions & { checkEveryInSeconds: number } {
  const { allowedOrigins, checkEveryInSeconds = CHECK_EVERY_IN_SECONDS } = options;
  const faults = Array.isArray(allowedOrigins) ? faultsOfOrigins(allowedOrigins) : [];
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
