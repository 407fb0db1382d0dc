import type { SessionState } from '../session/session-state.js';
import type { HandlerState, HandlerStates } from './handler-states.js';

/** Key of a handler's state in the `config` of its routes. */
const HANDLER_STATE: unique symbol = Symbol('nestjs-redis-session state');

/** The `config` of a route of Fastify. */
export interface RouteConfig {
  [HANDLER_STATE]?: HandlerState;
}

/** The options with which a route is added. */
export interface AddedRoute {
  readonly handler: object;
  config?: RouteConfig;
}

interface WithRouteHook {
  addHook(name: 'onRoute', hook: (route: AddedRoute) => void): unknown;
}

interface RoutedByFastify {
  readonly raw: WithHandlerState;
  readonly routeOptions: { readonly config: RouteConfig };
}

type Hook = (request: RoutedByFastify, reply: unknown, done: () => void) => unknown;

/** A raw request whose route middleware should know. */
export interface WithHandlerState {
  [HANDLER_STATE]?: HandlerState | undefined;
}

/** The part of NestJS's Fastify adapter that gives handlers and its first hook to Fastify. */
export interface RouteInjector {
  injectRouteOptions?(...args: unknown[]): unknown;
  onRequestHook?: Hook;
  setOnRequestHook?(hook: Hook): void;
}

/** Knows what the handlers of Fastify's routes do with the session. */
export class FastifyRoutes {
  // The function that NestJS made for a handler. It wraps that once more if the path has parameters.
  #injected: object | undefined;
  #hasDisabled = false;
  #hasUntouching = false;

  constructor(
    app: WithRouteHook,
    private readonly adapter: RouteInjector,
    states: HandlerStates,
  ) {
    const inject = adapter.injectRouteOptions?.bind(adapter);
    if (inject !== undefined)
      adapter.injectRouteOptions = (...args) => {
        this.#injected = args.at(-1) as object;
        try {
          return inject(...args);
        } finally {
          this.#injected = undefined;
        }
      };
    // Called for the HEAD route that Fastify adds to a GET route, too.
    app.addHook('onRoute', (route) => {
      const found = states.of(this.#injected ?? route.handler);
      if (found === undefined) return;
      route.config = { ...route.config, [HANDLER_STATE]: found };
      this.#hasDisabled ||= found.state === 'disabled';
      this.#hasUntouching ||= !found.touches;
    });
  }

  /** Whether there are handlers that do not touch the session. */
  get hasUntouching(): boolean {
    return this.#hasUntouching;
  }

  /**
   * Lets middleware know the handler of a request. It sees only the raw request, and runs before the hooks of everybody but
   * the adapter.
   */
  tellMiddleware(): void {
    const { adapter } = this;
    if (adapter.setOnRequestHook === undefined) return;
    let theirs = adapter.onRequestHook;
    adapter.setOnRequestHook((request, reply, done) => {
      request.raw[HANDLER_STATE] = request.routeOptions.config[HANDLER_STATE];
      return theirs === undefined ? done() : theirs.call(adapter, request, reply, done);
    });
    adapter.setOnRequestHook = (hook) => void (theirs = hook);
  }

  /** Whether middleware runs for a route of state `disabled`. */
  middlewareLeadsToDisabled(raw: WithHandlerState, fallback: SessionState): boolean {
    return isDisabled(raw[HANDLER_STATE], fallback);
  }

  /** Whether Fastify has matched a route that does not touch the session. */
  leadsToUntouching({ routeOptions: { config } }: RoutedByFastify): boolean {
    return this.#hasUntouching && config[HANDLER_STATE]?.touches === false;
  }

  /** Whether Fastify has matched a route of state `disabled`. @param fallback the state of handlers that have none */
  leadsToDisabled(request: RoutedByFastify, fallback: SessionState): boolean {
    if (!this.#hasDisabled && fallback !== 'disabled') return false;
    return isDisabled(request.routeOptions.config[HANDLER_STATE], fallback);
  }
}

function isDisabled(found: HandlerState | undefined, fallback: SessionState): boolean {
  return found !== undefined && (found.state ?? fallback) === 'disabled';
}
