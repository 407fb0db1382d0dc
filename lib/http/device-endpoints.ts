import type { IncomingMessage, ServerResponse } from 'node:http';
import type { DeviceHook } from '../request/device-hook.js';
import { SessionOptionsError } from '../session/session.errors.js';
import { called } from './session-registrations.js';
import type { HttpRegistration } from './session-registrations.js';

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
      () => {
        response.statusCode = 500;
        response.end();
      },
    );
    return true;
  }
}
