import { STATUS_CODES } from 'node:http';
import { WsException } from '@nestjs/websockets';
import { SessionError, SessionGoneError } from '../session/session.errors.js';

/**
 * A session's error as gateways tell it: the `exception` event carries its code, and the message where HTTP would show it.
 * Others, and faults of the application, stay as they are, for the gateway's filter to log.
 */
export function toWsException(error: unknown): unknown {
  if (!(error instanceof SessionError) || error.statusCode === 500) return error;
  const { code, expose, statusCode } = error;
  const message = expose ? error.message : STATUS_CODES[statusCode];
  return Object.assign(new WsException({ status: 'error', code, message }), { cause: error });
}

/** What every message of a socket gets whose session has ended. */
export function sessionEnded(credential: string): unknown {
  const [id] = credential.split('.');
  return toWsException(new SessionGoneError(id!));
}

/** Whether a handler refused its message on purpose: what it wrote to the session counts then, as below HTTP's 500. */
export function isRefusal(error: unknown): boolean {
  if (error instanceof WsException) return true;
  const { getStatus } = (error ?? {}) as { getStatus?: unknown };
  return typeof getStatus === 'function' && Number(getStatus.call(error)) < 500;
}
