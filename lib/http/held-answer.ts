import { OutgoingMessage, type ServerResponse } from 'node:http';

/** Where a response keeps its gate. */
export const GATE: unique symbol = Symbol('nestjs-redis-session gate');

/** What a gate knows of the answer that it holds. */
export interface AnswerState {
  readonly state: 'closed' | 'committing' | 'open' | 'discarded';
  /** Whoever writes the answer has ended it. */
  readonly ended: boolean;
  /** The framework itself holds the answer until it is stored. */
  heldByFramework: boolean;
}

type Answer = ServerResponse & { [GATE]?: AnswerState };

const ofNode = (name: 'headersSent' | 'writableEnded'): ((this: ServerResponse) => boolean) =>
  // oxlint-disable-next-line typescript/unbound-method -- called with the response as `this`
  Object.getOwnPropertyDescriptor(OutgoingMessage.prototype, name)!.get as (this: ServerResponse) => boolean;
const headersSent = ofNode('headersSent');
const writableEnded = ofNode('writableEnded');

const pretence: PropertyDescriptorMap & ThisType<Answer> = {
  headersSent: {
    configurable: true,
    get(): boolean {
      const gate = this[GATE];
      return gate?.state === 'committing' || gate?.heldByFramework || headersSent.call(this);
    },
  },
  writableEnded: {
    configurable: true,
    get(): boolean {
      const gate = this[GATE];
      if (gate?.state === 'committing') return gate.ended;
      return gate?.heldByFramework || writableEnded.call(this);
    },
  },
};

/**
 * Lets all responses that inherit from this one say that they are sent while they are held. Without it every response
 * that is held is taught to, which costs more than holding it.
 */
export function preparePretence(prototype: object): void {
  Object.defineProperties(prototype, pretence);
}

/**
 * Lets a response say that it is sent while its framework holds it. Fastify sends a second answer, an empty one, where an
 * async handler has returned and the first one is not on its way yet, and NestJS 11 has such handlers. Those of NestJS 12
 * return the reply, which Fastify would watch for its end, at a third of the cost of the request.
 */
export function pretendWhileHeld(response: ServerResponse, held: boolean): void {
  const gate = (response as Answer)[GATE];
  if (gate === undefined) return;
  gate.heldByFramework = held;
  if (held) pretendSent(response);
}

/** To the code that wrote the answer it is on its way: a filter must not write a second one over it. */
export function pretendSent(response: ServerResponse): void {
  if (!response.headersSent) Object.defineProperties(response, pretence);
}
