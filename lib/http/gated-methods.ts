import type { ServerResponse } from 'node:http';
import { checkChunk, headersSentError, writeAfterEndError } from './node-errors.js';
import { GATE } from './pretend-sent.js';
import { ResponseGate, type GateKeeper } from './response-gate.js';
import { WrittenHead } from './written-head.js';

type Gated = ServerResponse & { [GATE]?: ResponseGate };

/**
 * Holds an answer back until the keeper's commit has ended, no matter which code writes the answer. The first call that
 * would send bytes hands the answer over: from then on the response behaves as if it was sent, and writes are queued.
 */
export function gateResponse(response: ServerResponse, keeper: GateKeeper): ResponseGate {
  const gate = new ResponseGate(response, keeper);
  (response as Gated)[GATE] = gate;
  // All responses share these functions: a closure for each would cost more than the rest of the gate.
  response.writeHead = writeHead;
  response.write = write as ServerResponse['write'];
  response.end = end as ServerResponse['end'];
  response.flushHeaders = flushHeaders;
  return gate;
}

function writeHead(this: Gated, ...args: unknown[]): ServerResponse {
  const gate = this[GATE]!;
  if (gate.state === 'held') throw headersSentError(this, 'write');
  if (gate.state !== 'waiting') return gate.writeHead.apply(this, args);
  gate.head = new WrittenHead(this, args);
  const state = gate.handOver();
  const { statusCode } = this;
  if (state === 'held') gate.hold(() => gate.writeHead.call(this, statusCode));
  else if (state === 'open') gate.writeHead.call(this, statusCode);
  return this;
}

function write(this: Gated, ...args: unknown[]): boolean {
  const gate = this[GATE]!;
  if (gate.state === 'open') return gate.write.apply(this, args);
  checkChunk(args[0]);
  const state = gate.state === 'waiting' ? gate.handOver() : gate.state;
  if (state === 'open') return gate.write.apply(this, args);
  if (state === 'held') {
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
  const state = gate.state === 'held' ? 'held' : gate.handOver();
  if (state === 'open') {
    gate.ended = true;
    return gate.end.apply(this, args);
  }
  if (state !== 'held') return this;
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
  const state = gate.state === 'waiting' ? gate.handOver() : gate.state;
  if (state === 'open') gate.flushHeaders.call(this);
  else if (state === 'held' && !gate.held) gate.hold(() => gate.flushHeaders.call(this));
}

// Emitted only if somebody listens: an 'error' event without a listener ends the process.
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
