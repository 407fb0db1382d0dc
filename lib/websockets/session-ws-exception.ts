import { STATUS_CODES } from 'node:http';
import { WsException } from '@nestjs/websockets';
import {
  RECENT_AUTHENTICATION_REQUIRED,
  recentAuthenticationMessage,
} from '../session/recent-authentication.js';
import { SessionError } from '../shared.js';

/**
 * Converts a SessionError to a WsException. The `exception` event carries its code, and its message if HTTP would show it.
 * @returns other errors, and errors of status 500, unchanged: the gateway's filter logs them
 */
export function toWsException(error: unknown): unknown {
  if (!(error instanceof SessionError) || error.statusCode === 500) return error;
  const { code, expose, statusCode } = error;
  const message = expose ? error.message : STATUS_CODES[statusCode];
  return Object.assign(new WsException({ status: 'error', code, message }), { cause: error });
}

/** What a message gets whose handler requires a more recent authentication. */
export function recentAuthenticationException(maxAge: number): WsException {
  const message = recentAuthenticationMessage(maxAge);
  return new WsException({ status: 'error', code: RECENT_AUTHENTICATION_REQUIRED, message, maxAge });
}

/** Whether a handler rejected its message on purpose. Its changes are stored then, as with an HTTP status below 500. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof WsException) return true;
  const { getStatus } = (error ?? {}) as { getStatus?: unknown };
  return typeof getStatus === 'function' && Number(getStatus.call(error)) < 500;
}
