export type { AllowedOrigins } from '../request/allowed-origins.js';
export type { RequestHeaders } from '../request/session-answer.js';
export { GatewaySession } from './gateway-session.decorator.js';
export type { GatewaySessionOptions } from './gateway-session-options.js';
export { MessageSessionGuard } from './message-session.guard.js';
