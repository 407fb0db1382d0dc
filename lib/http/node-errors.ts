import type { ServerResponse } from 'node:http';

/** Returns the error that Node throws if code changes the head of a sent answer. */
export function headersSentError(response: ServerResponse, verb: string): Error {
  return response.req.httpVersionMajor === 2
    ? coded(new Error('Response has already been initiated.'), 'ERR_HTTP2_HEADERS_SENT')
    : coded(new Error(`Cannot ${verb} headers after they are sent to the client`), 'ERR_HTTP_HEADERS_SENT');
}

/** Returns the error that Node reports for a write after the end. */
export function writeAfterEndError(): Error {
  return coded(new Error('write after end'), 'ERR_STREAM_WRITE_AFTER_END');
}

/** Throws the error that Node throws for an invalid chunk. */
export function checkChunk(chunk: unknown): void {
  if (typeof chunk === 'string' || ArrayBuffer.isView(chunk)) return;
  if (chunk === null) {
    throw coded(new TypeError('May not write null values to stream'), 'ERR_STREAM_NULL_VALUES');
  }
  throw coded(
    new TypeError(
      `The "chunk" argument must be of type string or an instance of Buffer or Uint8Array. Received ${typeof chunk}`,
    ),
    'ERR_INVALID_ARG_TYPE',
  );
}

/** Throws the error that Node throws for an invalid status. */
export function checkStatus(statusCode: number): void {
  if (statusCode >= 100 && statusCode <= 999) return;
  throw coded(new RangeError(`Invalid status code: ${statusCode}`), 'ERR_HTTP_INVALID_STATUS_CODE');
}

function coded(error: Error, code: string): Error {
  return Object.assign(error, { code });
}
