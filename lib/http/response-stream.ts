import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerHttp2Stream } from 'node:http2';

const INTERNAL_ERROR = 2; // RFC 9113, section 7

/** Nobody waits for the answer any more: it was sent, or the client has gone. */
export function isClosed(response: ServerResponse): boolean {
  const { destroyed, closed } = streamOf(response) ?? response;
  return destroyed || closed;
}

/** The client has gone before it got an answer. */
export function clientHasGone(request: IncomingMessage, response: ServerResponse): boolean {
  // A request that waits behind another one on its connection has a response that nobody tells.
  return isClosed(response) || request.readableAborted;
}

/** Ends an answer that has begun so that the client sees that it is not whole. */
export function cutOff(response: ServerResponse): void {
  const stream = streamOf(response);
  // A destroyed HTTP/2 stream looks ended to the client.
  if (stream) stream.close(INTERNAL_ERROR);
  else response.destroy();
}

// An HTTP/2 response leaves to its stream what an HTTP/1.1 response does itself.
function streamOf(response: ServerResponse): ServerHttp2Stream | undefined {
  return (response as { stream?: ServerHttp2Stream }).stream;
}
