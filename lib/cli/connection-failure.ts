import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { connectionHint } from '../redis/connection-hint.js';
import type { RedisConnection } from '../redis/redis-connection.js';

/** Why a connection could not be opened. */
export interface ConnectionFailure {
  readonly failure: unknown;
  readonly message: string;
  /** What to check. '' if nothing is likely. */
  readonly hint: string;
}

export function failureOf(connection: RedisConnection, options: RedisSessionOptions): ConnectionFailure {
  const failure = connection.explain(new Error('it does not answer'));
  const message = [failure, (failure as { cause?: unknown } | null)?.cause].flatMap(messageIn).join(': ');
  return { failure, message, hint: connectionHint(message, options).trim() };
}

function messageIn(error: unknown): string[] {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? [message] : [];
}
