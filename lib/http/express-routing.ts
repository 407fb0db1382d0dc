import type { RequestRouting } from '../request/session-request.js';

/** What Express's router leaves on a request. */
export interface RoutedByExpress {
  readonly method: string;
  /** The path that the routers around the current one have taken away. */
  readonly baseUrl?: string;
  /** The route that was matched last; `path` is a text, a regular expression, or several of them. */
  readonly route?: { readonly path: unknown };
}

/** The patterns of the route that Express has matched, as texts that begin with a slash where they are texts. */
export function patternsOf({ route, baseUrl = '' }: RoutedByExpress): readonly unknown[] | undefined {
  if (route === undefined) return undefined;
  return [route.path].flat(Infinity).map((path) => {
    if (typeof path !== 'string') return undefined;
    return /^[/{]/.test(path) ? baseUrl + path : `${baseUrl}/${path}`;
  });
}

/**
 * Follows a request from route to route: Express loads sessions before it has matched one, and a middleware's route may
 * come before the handler's.
 */
export class ExpressRouting implements RequestRouting {
  // Of the route that was looked at last: Express takes `baseUrl` back when a handler passes an error on.
  #route: RoutedByExpress['route'];
  #misrouted = false;

  constructor(
    private readonly request: RoutedByExpress,
    private readonly isServed: (method: string, patterns: readonly unknown[]) => boolean,
  ) {}

  get misrouted(): boolean {
    const { request } = this;
    if (request.route !== this.#route) {
      this.#route = request.route;
      const patterns = patternsOf(request);
      this.#misrouted = patterns !== undefined && !this.isServed(request.method, patterns);
    }
    return this.#misrouted;
  }
}
