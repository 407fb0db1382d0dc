import type { DeviceAnswer } from '../request/device-hook.js';
import type { SessionCore } from '../session/session-core.js';
import type { DeviceProtocol } from './device-protocol.js';
import { instructionsFor } from './session-instructions.js';

// Nothing of these answers is for caches or for pages of other origins.
const HEADERS = { 'cache-control': 'no-store', 'cross-origin-resource-policy': 'same-origin' };
const JSON_HEADERS = { ...HEADERS, 'content-type': 'application/json; charset=utf-8' };

/** Refuses a request. The browser forgets its key after 4xx, unless that is 403. @param code for people who look for the reason */
export function refused(status: 400 | 404 | 409, code: string): DeviceAnswer {
  return { status, headers: JSON_HEADERS, body: JSON.stringify({ error: code }) };
}

/** The browser keeps its key and comes back. */
export function later(): DeviceAnswer {
  return { status: 503, headers: { ...HEADERS, 'retry-after': '1' } };
}

/** Asks the browser to sign a new challenge. */
export function challenged({ refreshes }: DeviceProtocol, id: string, accepted: number): DeviceAnswer {
  const challenge = `"${refreshes.issue(id, accepted)}";id="${id}"`;
  return { status: 403, headers: { ...HEADERS, 'secure-session-challenge': challenge } };
}

/** The browser has proved that it has the key: it gets the bound cookie. */
export function bound(protocol: DeviceProtocol, { id }: SessionCore, thumbprint: string): DeviceAnswer {
  const { cookie, options } = protocol;
  return {
    status: 200,
    headers: { ...JSON_HEADERS, 'set-cookie': cookie.issue(id, thumbprint, options.refreshEverySeconds) },
    body: instructionsFor(id, protocol),
  };
}
