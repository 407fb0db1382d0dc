export { RedisSessionHealthIndicator } from './redis-session-health.indicator.js';
export type { RedisSessionHealthOptions } from './redis-session-health.indicator.js';
