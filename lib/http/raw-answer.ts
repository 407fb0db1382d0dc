import { STATUS_CODES, type ServerResponse } from 'node:http';

/** Answers a failure that no framework answers: the handler took the raw response, and the store failed. */
export function answerRaw(response: ServerResponse, error: unknown): void {
  const { statusCode, expose, message } = error as Partial<Record<string, unknown>>;
  response.statusCode = typeof statusCode === 'number' && STATUS_CODES[statusCode] ? statusCode : 500;
  // The message of an internal error names servers and sizes: it is for the log.
  const text = expose === true ? message : STATUS_CODES[response.statusCode];
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify({ statusCode: response.statusCode, message: text }));
}
