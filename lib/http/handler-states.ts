import 'reflect-metadata';
import type { ModulesContainer } from '@nestjs/core';
import { SESSION_STATE, SESSION_TOUCH } from '../request/decorator-metadata.js';
import type { SessionState } from '../session/session-state.js';
import { methodsOf } from './methods-of.js';

/** Metadata key of a handler that holds the handler itself. NestJS copies the metadata of a handler to each of its routes. */
const HANDLER = Symbol('nestjs-redis-session handler');
/** Metadata key of `@Controller({ host })`. */
const HOST = 'host';

/** What a handler does with the session. */
export interface HandlerState {
  /** `undefined` if only the option `sessionState` says what the handler does. */
  readonly state: SessionState | undefined;
  /** Whether its requests slide the idle timeout. */
  readonly touches: boolean;
  /** Requests of other hosts are passed on to the next route that matches. */
  readonly hasHost: boolean;
}

/** What the handlers of an application do with the session, known before the first request. */
export class HandlerStates {
  readonly #states = new Map<unknown, HandlerState | 'ambiguous'>();

  /** Call before NestJS registers the routes. */
  constructor(modules: ModulesContainer) {
    for (const { controllers } of modules.values()) {
      for (const { metatype } of controllers.values()) {
        if (typeof metatype === 'function') this.#addController(metatype);
      }
    }
  }

  /** Returns the state of the handler that NestJS made a route's function for. @returns `undefined` if it is not known */
  of(routeHandler: object): HandlerState | undefined {
    const found = this.#states.get(Reflect.getMetadata(HANDLER, routeHandler));
    return found === 'ambiguous' ? undefined : found;
  }

  #addController(metatype: { readonly prototype?: object }): void {
    const ofClass = Reflect.getMetadata(SESSION_STATE, metatype) as SessionState | undefined;
    const ofClassTouches = Reflect.getMetadata(SESSION_TOUCH, metatype) as boolean | undefined;
    const hasHost = Reflect.getMetadata(HOST, metatype) !== undefined;
    for (const method of methodsOf(metatype)) {
      const state = (Reflect.getMetadata(SESSION_STATE, method) as SessionState | undefined) ?? ofClass;
      const touches =
        (Reflect.getMetadata(SESSION_TOUCH, method) as boolean | undefined) ?? ofClassTouches ?? true;
      const other = this.#states.get(method);
      // Controllers that inherit a handler share it, and each may have a state of its own.
      const agrees =
        other === undefined ||
        (other !== 'ambiguous' &&
          other.state === state &&
          other.touches === touches &&
          other.hasHost === hasHost);
      this.#states.set(method, agrees ? { state, touches, hasHost } : 'ambiguous');
      Reflect.defineMetadata(HANDLER, method, method);
    }
  }
}
