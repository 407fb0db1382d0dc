import type { DeviceBinder, DeviceHook, DeviceSetting } from '../request/device-hook.js';
import { type DbscOptions, resolveDbscOptions, type ResolvedDbscOptions } from './dbsc-options.js';
import { DeviceProtocol } from './device-protocol.js';
import { DeviceSessions } from './device-sessions.js';

/** What `dbsc()` returns. Its keys are not visible to `console.log` and JSON. */
class Dbsc implements DeviceBinder {
  readonly #options: ResolvedDbscOptions;

  constructor(options: ResolvedDbscOptions) {
    this.#options = options;
  }

  create(setting: DeviceSetting): DeviceHook {
    return new DeviceSessions(new DeviceProtocol(this.#options, setting));
  }
}

/**
 * Binds sessions to the devices of their visitors by Device Bound Session Credentials (W3C draft): after a login the browser
 * makes a key in the hardware of the device, and proves every few minutes that it has it. A cookie that was copied to
 * another device is useless there. Browsers that do not know the protocol go on as before.
 *
 * Experimental: the protocol is a draft, and this function follows it in minor versions. A login is an answer that gives
 * the browser a new credential of a session with a user (the index `user`): call `session.rotate()`.
 *
 * @throws SessionOptionsError that lists every fault
 * @example
 * ```ts
 * RedisSessionModule.forRoot({ deviceBound: dbsc({ mode: 'observe', keys: [process.env.DEVICE_KEY!] }) })
 * ```
 */
export function dbsc(options: DbscOptions = {}): DeviceBinder {
  return new Dbsc(resolveDbscOptions(options));
}
