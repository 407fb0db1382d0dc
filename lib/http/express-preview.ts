import type { SessionState } from '../session/session-state.js';
import { isMiddleware, type RoutedByExpress, type VersionFilter } from './express-routing.js';
import type { HandlerStates } from './handler-states.js';
import { pathOf } from './request-target.js';

/** The part of a layer of Express's router that this package uses. */
interface Layer {
  /** Middleware for all paths. */
  readonly slash?: boolean;
  readonly name: string;
  readonly handle: object & { readonly stack?: unknown };
  readonly route?: Route;
  match(path: string): unknown;
}

interface Route {
  /** `method` is in lower case; `undefined` for all methods. */
  readonly stack: readonly { readonly handle: object; readonly method?: string }[];
}

/** The part of an Express application that holds its routes. */
export interface WithRouter {
  readonly router?: { readonly stack?: readonly Layer[] };
}

/**
 * Tells before the router has run whether a request will reach a handler of state `disabled`. Asks the layers of the router
 * itself: another reading of the path could disagree with it. In doubt the answer is no, and the session is loaded.
 */
export class ExpressPreview {
  // The routes of state `disabled`, by what handlers without a state do. Most requests match none of them.
  readonly #candidates = new Map<SessionState, readonly Layer[]>();

  // The routes that do not touch the session.
  #untouching: readonly Layer[] | undefined;

  constructor(
    private readonly app: WithRouter,
    private readonly states: HandlerStates,
    private readonly filters: VersionFilter,
  ) {}

  /** @param fallback the state of handlers that have none of their own */
  leadsToDisabled(request: RoutedByExpress & { readonly url?: string }, fallback: SessionState): boolean {
    const stack = this.app.router?.stack;
    if (stack === undefined) return false;
    const candidates = this.#candidatesIn(stack, fallback);
    if (candidates.length === 0) return false;
    const { url = '', method } = request;
    if (pathOf(url) === undefined) return false;
    const path = url.split('?', 1)[0]!;
    try {
      return candidates.some((layer) => layer.match(path)) && this.#walk(stack, method, path, fallback);
    } catch {
      // An escape that cannot be decoded.
      return false;
    }
  }

  /**
   * Whether a request may reach a handler that does not touch the session. Knows less than `leadsToDisabled`: several
   * handlers may match, and the touch can wait until it is known which of them answers.
   */
  mayLeadToUntouching({ url = '', method }: RoutedByExpress & { readonly url?: string }): boolean {
    const stack = this.app.router?.stack;
    this.#untouching ??= stack?.filter(({ route }) => route !== undefined && this.#isUntouching(route)) ?? [];
    if (this.#untouching.length === 0) return false;
    const path = url.split('?', 1)[0]!;
    try {
      return this.#untouching.some(
        (layer) => answers(layer.route!, method.toLowerCase()) && layer.match(path),
      );
    } catch {
      // An escape that cannot be decoded.
      return false;
    }
  }

  /** Whether the last handler's route that was matched does not touch the session. */
  isUntouching({ route }: RoutedByExpress): boolean {
    return route !== undefined && this.#isUntouching(route as unknown as Route);
  }

  /** Whether the last handler's route that was matched is of state `disabled`. */
  isDisabled({ route }: RoutedByExpress, fallback: SessionState): boolean {
    return route !== undefined && this.#isDisabled(route as unknown as Route, fallback);
  }

  #candidatesIn(stack: readonly Layer[], fallback: SessionState): readonly Layer[] {
    let found = this.#candidates.get(fallback);
    if (found === undefined) {
      // The routes exist by now: NestJS registers them before it listens.
      found = stack.filter(({ route }) => route !== undefined && this.#isDisabled(route, fallback));
      this.#candidates.set(fallback, found);
    }
    return found;
  }

  #walk(stack: readonly Layer[], method: string, path: string, fallback: SessionState): boolean {
    let found = false;
    for (const layer of stack) {
      if (isMiddleware(layer.handle) || !layer.match(path)) continue;
      const { route } = layer;
      if (route === undefined) {
        if (mayAnswer(layer)) return false;
        continue;
      }
      if (!answers(route, method.toLowerCase()) || route.stack.every(({ handle }) => isMiddleware(handle)))
        continue;
      if (!this.#isDisabled(route, fallback)) return false;
      found = true;
      if (!route.stack.some(({ handle }) => this.#passesOn(handle))) return true;
    }
    return found;
  }

  #isDisabled({ stack }: Route, fallback: SessionState): boolean {
    return stack.every(({ handle }) => {
      const found = this.states.of(handle);
      return found !== undefined && (found.state ?? fallback) === 'disabled';
    });
  }

  #isUntouching({ stack }: Route): boolean {
    return stack.some(({ handle }) => this.states.of(handle)?.touches === false);
  }

  #passesOn(handle: object): boolean {
    return this.filters.has(handle) || this.states.of(handle)?.hasHost === true;
  }
}

function answers({ stack }: Route, method: string): boolean {
  return stack.some(
    (handler) =>
      handler.method === undefined ||
      handler.method === method ||
      (method === 'head' && handler.method === 'get'),
  );
}

// Middleware for all paths usually passes requests on. A router or an application has routes of its own.
function mayAnswer({ slash, handle, name }: Layer): boolean {
  return slash !== true || handle.stack !== undefined || name === 'mounted_app';
}
