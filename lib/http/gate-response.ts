import type { ServerResponse } from 'node:http';
import { GATE, type AnswerState } from './held-answer.js';
import { checkChunk, headersSentError, writeAfterEndError } from './node-errors.js';
import { ResponseGate, type GateKeeper } from './response-gate.js';
import { WrittenHead } from './written-head.js';

type Gated = ServerResponse & { [GATE]?: ResponseGate };

/**
 * Holds an answer back until the keeper's commit has ended, whoever writes it and however. The first call that would put
 * bytes on the wire hands the answer over: from then on it behaves as a sent one, and what is written waits in order.
 */
export function gateResponse(response: ServerResponse, keeper: GateKeeper): void {
  (response as Gated)[GATE] = new ResponseGate(response, keeper);
  // The same functions for all answers: closures and bound methods of each would cost more than the rest of the gate.
  response.writeHead = writeHead;
  response.write = write as ServerResponse['write'];
  response.end = end as ServerResponse['end'];
  response.flushHeaders = flushHeaders;
}

function writeHead(this: Gated, ...args: unknown[]): ServerResponse {
  const gate = this[GATE]!;
  if (gate.state === 'held') throw headersSentError(this, 'write');
  if (gate.state !== 'waiting') return gate.writeHead.apply(this, args);
  gate.head = new WrittenHead(this, args);
  gate.handOver();
  const { statusCode } = this;
  if (now(gate) === 'held') gate.hold(() => gate.writeHead.call(this, statusCode));
  else if (now(gate) === 'open') gate.writeHead.call(this, statusCode);
  return this;
}

function write(this: Gated, ...args: unknown[]): boolean {
  const gate = this[GATE]!;
  if (gate.state === 'open') return gate.write.apply(this, args);
  checkChunk(args[0]);
  if (gate.state === 'waiting') gate.handOver();
  if (now(gate) === 'open') return gate.write.apply(this, args);
  if (now(gate) === 'held') {
    if (gate.ended) refuseChunk(this, args);
    else gate.hold(() => gate.write.apply(this, args));
    gate.backPressure = true;
  }
  return false;
}

function end(this: Gated, ...args: unknown[]): ServerResponse {
  const gate = this[GATE]!;
  if (gate.state === 'open' && gate.ended) return gate.end.apply(this, args);
  const begun = gate.state !== 'waiting';
  const chunk = typeof args[0] === 'function' ? undefined : args[0];
  if (chunk && !gate.ended) checkChunk(chunk);
  if (gate.state !== 'held') gate.handOver();
  if (now(gate) === 'open') {
    gate.ended = true;
    return gate.end.apply(this, args);
  }
  if (now(gate) !== 'held') return this;
  if (!gate.ended) {
    gate.ended = true;
    const call = () => void gate.end.apply(this, args);
    if (begun && gate.held) gate.heldEnd = call;
    else gate.hold(call);
  } else if (chunk) {
    refuseChunk(this, args);
  } else {
    const callback = callbackIn(args);
    if (callback) this.once('finish', callback);
  }
  return this;
}

function flushHeaders(this: Gated): void {
  const gate = this[GATE]!;
  if (gate.state === 'waiting') gate.handOver();
  if (gate.state === 'open') gate.flushHeaders.call(this);
  else if (gate.state === 'held' && !gate.held) gate.hold(() => gate.flushHeaders.call(this));
}

// Reads the state after a call that changed it, which the compiler does not see.
function now(gate: ResponseGate): AnswerState['state'] {
  return gate.state;
}

// Node emits the error to whoever listens, and ends the process if nobody does.
function refuseChunk(response: ServerResponse, args: unknown[]): void {
  const error = writeAfterEndError();
  process.nextTick(() => {
    callbackIn(args)?.(error);
    if (response.listenerCount('error') > 0) response.emit('error', error);
  });
}

function callbackIn(args: unknown[]): ((error?: Error) => void) | undefined {
  return args.find((arg) => typeof arg === 'function') as ((error?: Error) => void) | undefined;
}
