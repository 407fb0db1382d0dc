import type { DeviceAnswer, DeviceHook, DeviceRequest } from '../request/device-hook.js';
import type { RequestHeaders, SessionAnswer } from '../request/session-answer.js';
import type { SessionCore } from '../session/session-core.js';
import { USER_INDEX } from '../session/index-value.js';
import { ALGORITHMS } from './device-key.js';
import { REGISTRATION_SECONDS, type DeviceProtocol } from './device-protocol.js';
import { thumbprintIn } from './device-record.js';
import { Refresh } from './refresh.js';
import { Registration } from './registration.js';

/** Binds the sessions of one registration to the devices of their visitors. */
export class DeviceSessions implements DeviceHook {
  readonly paths: readonly string[];
  readonly #registration: Registration;
  readonly #refresh: Refresh;

  constructor(private readonly protocol: DeviceProtocol) {
    this.paths = [protocol.registrationPath, protocol.refreshPath];
    this.#registration = new Registration(protocol);
    this.#refresh = new Refresh(protocol);
  }

  admits(core: SessionCore, { cookie }: RequestHeaders): boolean {
    const { protocol } = this;
    const { mode, allowUnbound } = protocol.options;
    const { device } = core;
    const proof = protocol.cookie.proofIn(cookie, core.id, device === undefined ? '' : thumbprintIn(device));
    core.deviceBound = device === undefined ? 'unbound' : bindingOf(proof);
    if (core.deviceBound === 'stale') protocol.report(core.id);
    if (mode === 'observe') return true;
    if (device !== undefined) return core.deviceBound !== 'stale';
    return allowUnbound || proof !== undefined || !hasUser(core);
  }

  // Only with a new credential: a thief who comes later must not be able to register a key of his own.
  offer(core: SessionCore, answer: SessionAnswer): void {
    if (!answer.secure || core.device !== undefined || !hasUser(core)) return;
    const { cookie, registrations, registrationPath } = this.protocol;
    const challenge = registrations.issue(core.id, 0);
    answer.setHeader(
      'secure-session-registration',
      `(${ALGORITHMS.join(' ')});path="${registrationPath}";challenge="${challenge}"`,
    );
    answer.addCookie(cookie.issue(core.id, '', REGISTRATION_SECONDS));
  }

  expire(answer: SessionAnswer): void {
    if (answer.secure) this.protocol.cookie.expire(answer);
  }

  answer(request: DeviceRequest): Promise<DeviceAnswer> {
    const endpoint = request.path === this.protocol.refreshPath ? this.#refresh : this.#registration;
    return endpoint.answer(request);
  }
}

// Requests that left before the registration's answer came have the cookie of the login.
function bindingOf(proof: 'device' | 'login' | undefined): 'bound' | 'stale' | 'unbound' {
  if (proof === undefined) return 'stale';
  return proof === 'device' ? 'bound' : 'unbound';
}

function hasUser({ indexed }: SessionCore): boolean {
  return indexed?.has(USER_INDEX) === true;
}
