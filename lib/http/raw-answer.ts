import type { ServerResponse } from 'node:http';

/** Answers a failure where no framework is left to do so: the handler took the raw response, and the store failed. */
export function answerRaw(response: ServerResponse, error: unknown): void {
  const { statusCode, message } = error as { statusCode?: unknown; message?: unknown };
  const isOurs = typeof statusCode === 'number';
  response.statusCode = isOurs ? statusCode : 500;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(
    JSON.stringify({ statusCode: response.statusCode, message: isOurs ? message : 'Internal server error' }),
  );
}
