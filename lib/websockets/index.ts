export { GatewaySession } from './gateway-session.decorator.js';
export type { GatewaySessionOptions } from './gateway-session-options.js';
