import type { ServerResponse } from 'node:http';
import { headersSentError } from './node-errors.js';

/** Where a response keeps its gate. */
export const GATE: unique symbol = Symbol('nestjs-redis-session gate');

/** What a gate knows of its answer. */
export interface AnswerState {
  readonly state: 'waiting' | 'held' | 'open' | 'discarded';
  /** The writer has ended the held answer. */
  readonly ended: boolean;
  /** The header methods that a held answer hides. */
  readonly headers: HeaderMethods | undefined;
  /** Set while the session adds a header to the held answer. */
  takesHeaders: boolean;
}

export type HeaderMethods = Pick<
  ServerResponse,
  'setHeader' | 'appendHeader' | 'removeHeader' | 'setHeaders'
>;

type Answer = ServerResponse & { [GATE]?: AnswerState };
type Getter = (this: ServerResponse) => boolean;

const pretences = new WeakMap<object, PropertyDescriptorMap>();

/**
 * Lets every response that inherits from this one say that it is sent while it is held. Defining that on each held
 * response costs more than holding it.
 */
export function preparePretence(prototype: object): void {
  Object.defineProperties(prototype, pretenceFor(prototype));
}

/**
 * Makes a held response behave as a sent one: it says that it is sent, and refuses headers as Node does. A filter, or a
 * handler that forgot to return, must not write over the first answer.
 * @returns the methods that still set headers
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
  // HTTP/2 responses have none.
  if (setHeaders !== undefined) response.setHeaders = refuse.setHeaders;
  return methods;
}

/** Sets or adds a header of the session's own, also while the answer is held. */
export function addOwnHeader(
  response: ServerResponse,
  method: 'setHeader' | 'appendHeader',
  name: string,
  value: string,
): void {
  const gate = (response as Answer)[GATE];
  if (gate === undefined) return void response[method](name, value);
  gate.takesHeaders = true;
  try {
    response[method](name, value);
  } finally {
    gate.takesHeaders = false;
  }
}

const refuse = {
  setHeader: unlessHeld('setHeader', 'set'),
  appendHeader: unlessHeld('appendHeader', 'append'),
  removeHeader: unlessHeld('removeHeader', 'remove'),
  setHeaders: unlessHeld('setHeaders', 'set'),
};

// The same functions for all responses: closures of each would cost more than the rest.
function unlessHeld<Name extends keyof HeaderMethods>(name: Name, verb: string): ServerResponse[Name] {
  function method(this: Answer, ...args: unknown[]): unknown {
    const { state, takesHeaders, headers } = this[GATE]!;
    if (state === 'held' && !takesHeaders) throw headersSentError(this, verb);
    return (headers![name] as (...given: unknown[]) => unknown).apply(this, args);
  }
  return method as ServerResponse[Name];
}

// The getters that the response has: those of HTTP/1.1 read fields that an HTTP/2 response computes from the getters.
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
  // On HTTP/1.1 `finished` is a field that Node itself writes.
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
