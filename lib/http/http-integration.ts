import type { SessionExchange } from './session-exchange.js';

/** What a platform does for sessions. */
export interface HttpIntegration {
  /** Makes `request.session` work in the whole application; in `request` mode the session is loaded before guards. */
  install(hydrate: 'request' | 'interceptor'): void;
  /** The exchange of a request; made the first time. */
  exchange(request: object, response: object): SessionExchange;
}
