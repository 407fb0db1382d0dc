import { STATUS_CODES } from 'node:http';
import { BaseExceptionFilter } from '@nestjs/core';
import { SessionError } from '../session/session.errors.js';

type Filter = Pick<BaseExceptionFilter, 'handleUnknownError'>;

/**
 * Hides the messages of our 5xx errors from clients, because they name servers and sizes. NestJS before 11.2.8 answers
 * with the message of every error that has a status; later versions respect `expose`.
 */
export function hideInternalMessages(filter: Filter = BaseExceptionFilter.prototype): void {
  if ('getHttpErrorMessage' in filter || hidden.has(filter)) return;
  hidden.add(filter);
  // oxlint-disable-next-line typescript/unbound-method -- called with the filter as `this`
  const { handleUnknownError } = filter;
  filter.handleUnknownError = function answer(error, ...rest) {
    return handleUnknownError.call(this, withoutMessage(error), ...rest);
  };
}

const hidden = new WeakSet<Filter>();

// The log still shows the message: it is part of the stack.
function withoutMessage<T>(error: T): T {
  if (!(error instanceof SessionError) || error.expose) return error;
  return Object.create(error, { message: { value: STATUS_CODES[error.statusCode] } }) as T;
}
