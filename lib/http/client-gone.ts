import type { IncomingMessage, ServerResponse } from 'node:http';

/** Nobody waits for the answer any more: it was sent, or the client has gone. */
export function isClosed(response: ServerResponse): boolean {
  // An HTTP/2 response leaves that to its stream.
  const { destroyed, closed } =
    (response as { stream?: { destroyed: boolean; closed: boolean } }).stream ?? response;
  return destroyed || closed;
}

/** The client has gone before it got an answer. */
export function clientHasGone(request: IncomingMessage, response: ServerResponse): boolean {
  // A request that waits behind another one on its connection has a response that nobody tells.
  return isClosed(response) || request.readableAborted;
}
