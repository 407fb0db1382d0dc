/** Where `@GatewaySession` leaves its options. */
export const GATEWAY_SESSION = 'nestjs-redis-session:gateway';

/** What a gateway does with the sessions of its sockets. */
export interface GatewaySessionOptions {
  /**
   * The registration whose sessions these are, where the application has several.
   * @default the one without a name
   */
  name?: string;
  /**
   * Closes a socket when its session was destroyed, has expired or was rotated, also one that only listens. Without it
   * such a socket stays open, and its messages are refused.
   * @default false
   */
  closeOnSessionEnd?: boolean;
  /**
   * How often `closeOnSessionEnd` looks after the session of a socket: one read each time, which does not slide the idle
   * timeout. Seconds.
   * @default 10
   */
  checkEveryInSeconds?: number;
}
