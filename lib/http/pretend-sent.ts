import type { ServerResponse } from 'node:http';
import { headersSentError } from './node-errors.js';

/** Key of a response's gate. */
export const GATE: unique symbol = Symbol('nestjs-redis-session gate');

/** The state of a held answer. */
export interface AnswerState {
  readonly state: 'waiting' | 'held' | 'open' | 'discarded';
  /** `end()` was called on the held answer. */
  readonly ended: boolean;
  /** The response's own header methods, which a held answer hides. */
  readonly headers: HeaderMethods | undefined;
  /** `true` while the session adds its own header to the held answer. */
  readonly takesHeaders: boolean;
}

export type HeaderMethods = Pick<
  ServerResponse,
  'setHeader' | 'appendHeader' | 'removeHeader' | 'setHeaders'
>;

type Answer = ServerResponse & { [GATE]?: AnswerState };
type Getter = (this: ServerResponse) => boolean;

const pretences = new WeakMap<object, PropertyDescriptorMap>();

/**
 * Prepares all responses that inherit from this prototype. Optional: without it `pretendSent()` defines the properties on
 * each response, which is slower.
 */
export function preparePretence(prototype: object): void {
  Object.defineProperties(prototype, pretenceFor(prototype));
}

/**
 * Makes a held response behave as if it was sent: `headersSent` is `true`, and header methods throw as in Node. Otherwise
 * an exception filter, or a handler that forgot to return, would overwrite the first answer.
 * @returns the original methods, which still set headers
 */
export function pretendSent(response: ServerResponse): HeaderMethods {
  if (!response.headersSent) {
    const prototype = Object.getPrototypeOf(response) as object;
    let pretence = pretences.get(prototype);
    if (pretence === undefined) pretences.set(prototype, (pretence = pretenceFor(prototype)));
    Object.defineProperties(response, pretence);
  }
  // oxlint-disable-next-line typescript/unbound-method -- called with the response as `this`
  const { setHeader, appendHeader, removeHeader, setHeaders } = response;
  const methods = { setHeader, appendHeader, removeHeader, setHeaders };
  response.setHeader = refuse.setHeader;
  response.appendHeader = refuse.appendHeader;
  response.removeHeader = refuse.removeHeader;
  // HTTP/2 responses do not have setHeaders().
  if (setHeaders !== undefined) response.setHeaders = refuse.setHeaders;
  return methods;
}

const refuse = {
  setHeader: unlessHeld('setHeader', 'set'),
  appendHeader: unlessHeld('appendHeader', 'append'),
  removeHeader: unlessHeld('removeHeader', 'remove'),
  setHeaders: unlessHeld('setHeaders', 'set'),
};

// Shared by all responses: a closure for each would cost more than the rest.
function unlessHeld<Name extends keyof HeaderMethods>(name: Name, verb: string): ServerResponse[Name] {
  function method(this: Answer, ...args: unknown[]): unknown {
    const { state, takesHeaders, headers } = this[GATE]!;
    if (state === 'held' && !takesHeaders) throw headersSentError(this, verb);
    return (headers![name] as (...given: unknown[]) => unknown).apply(this, args);
  }
  return method as ServerResponse[Name];
}

// Wraps the getters of this very prototype: HTTP/1.1 and HTTP/2 responses compute them differently.
function pretenceFor(prototype: object): PropertyDescriptorMap {
  const headersSent = getterOf(prototype, 'headersSent')!;
  const descriptors: PropertyDescriptorMap = {
    headersSent: {
      configurable: true,
      get(this: Answer) {
        return this[GATE]?.state === 'held' || headersSent.call(this);
      },
    },
  };
  // On HTTP/1.1 `finished` is a field that Node writes, not a getter.
  for (const name of ['writableEnded', 'finished']) {
    const ended = getterOf(prototype, name);
    if (ended === undefined) continue;
    descriptors[name] = {
      configurable: true,
      get(this: Answer) {
        const gate = this[GATE];
        return gate?.state === 'held' ? gate.ended : ended.call(this);
      },
    };
  }
  return descriptors;
}

function getterOf(prototype: object, name: string): Getter | undefined {
  for (let at: object | null = prototype; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    const found = Object.getOwnPropertyDescriptor(at, name);
    // oxlint-disable-next-line typescript/unbound-method -- called with the response as `this`
    if (found !== undefined) return found.get;
  }
  return undefined;
}
