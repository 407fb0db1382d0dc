/** Where `@GatewaySession` leaves its options. */
export const GATEWAY_SESSION = 'nestjs-redis-session:gateway';
