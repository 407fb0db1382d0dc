import type { DeviceAnswer, DeviceRequest } from '../request/device-hook.js';
import type { SessionCore } from '../session/session-core.js';
import { bound, refused } from './device-answers.js';
import { DeviceKey } from './device-key.js';
import type { DeviceProtocol } from './device-protocol.js';
import { DeviceRecord } from './device-record.js';
import { hostsFor, presentsOthers } from './device-requests.js';
import { Proof } from './proof.js';

/**
 * The endpoint where a browser registers its key for a session. A session gets one key, once. The challenge says which one:
 * only the answer to the login had it, and a browser that logged in at another site sends no cookies here (SameSite).
 */
export class Registration {
  constructor(private readonly protocol: DeviceProtocol) {}

  async answer({ headers }: DeviceRequest): Promise<DeviceAnswer> {
    const { registrations, options, setting } = this.protocol;
    const proof = Proof.parse(headers['secure-session-response']);
    if (proof === undefined) return refused(400, 'malformed-proof');
    const id = registrations.sessionOf(proof.challenge, 0);
    if (id === undefined || presentsOthers(setting, headers, id)) return refused(400, 'unknown-challenge');
    const key = DeviceKey.fromJwk(proof.algorithm, proof.jwk);
    if (key === undefined) return refused(400, 'unsupported-key');
    if (!proof.isSignedBy(key)) return refused(400, 'wrong-signature');
    if (!proof.isFor(hostsFor(headers, options.hosts))) return refused(400, 'wrong-audience');
    const core = await setting.operations.find(id);
    return core === undefined ? refused(404, 'no-session') : this.#bind(core, key);
  }

  async #bind(core: SessionCore, key: DeviceKey): Promise<DeviceAnswer> {
    // Not even by the same key: whoever copied this request would get a cookie for it.
    if (core.device !== undefined) return refused(409, 'already-bound');
    const outcome = await this.protocol.setting.operations.bindDevice(core, new DeviceRecord(key, 0).next());
    if (outcome === 'bound') return bound(this.protocol, core, key.thumbprint);
    return outcome === 'gone' ? refused(404, 'no-session') : refused(409, 'already-bound');
  }
}
