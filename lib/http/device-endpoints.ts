import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeviceHook } from '../request/device-hook.js';
import { Logger } from '@nestjs/common';
import { SessionOptionsError } from '../session/session.errors.js';
import { called } from './session-registrations.js';
import type { HttpRegistration } from './session-registrations.js';

const logger = new Logger('RedisSessionModule');

/** The endpoints to which browsers post the proofs of their devices. No handler, guard or middleware sees their requests. */
export class DeviceEndpoints {
  readonly #hooks = new Map<string, { readonly hook: DeviceHook; readonly registration: HttpRegistration }>();

  /** Adds the endpoints of a registration. @throws SessionOptionsError if another one has such a path */
  add(registration: HttpRegistration, hook: DeviceHook): void {
    for (const path of hook.paths) {
      const other = this.#hooks.get(path)?.registration;
      if (other !== undefined)
        throw new SessionOptionsError([
          `The registrations ${called(other.sessions)} and ${called(registration.sessions)} of RedisSessionModule both receive the proofs of devices at ${JSON.stringify(path)}. Set paths of dbsc() for one of them.`,
        ]);
      this.#hooks.set(path, { hook, registration });
    }
  }

  /**
   * Answers a request if it is for an endpoint.
   * @param target as the client sent it
   * @returns false if it is for the application
   */
  answer(target: string, request: IncomingMessage, response: ServerResponse): boolean {
    if (request.method !== 'POST') return false;
    const query = target.indexOf('?');
    const path = query === -1 ? target : target.slice(0, query);
    const hook = this.#hooks.get(path)?.hook;
    if (hook === undefined) return false;
    void hook.answer({ path, headers: request.headers }).then(
      ({ status, headers, body = '' }) => {
        response.statusCode = status;
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        response.end(body);
      },
      (error: unknown) => refuse(response, error),
    );
    return true;
  }
}

// Either way the browser keeps its key and comes back.
function refuse(response: ServerResponse, error: unknown): void {
  const { statusCode = 500, retryAfterInSeconds } = error as Partial<Record<string, number>>;
  response.statusCode = statusCode;
  response.setHeader('cache-control', 'no-store');
  if (retryAfterInSeconds === undefined) logger.error('The proof of a device could not be checked.', error);
  else response.setHeader('retry-after', String(retryAfterInSeconds));
  response.end();
}
