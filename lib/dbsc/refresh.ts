import type { DeviceAnswer, DeviceRequest } from '../request/device-hook.js';
import type { RequestHeaders } from '../request/session-answer.js';
import type { SessionCore } from '../session/session-core.js';
import { isSessionId, secretMatches } from '../session/session-credential.js';
import { bound, challenged, later, refused } from './device-answers.js';
import type { DeviceProtocol } from './device-protocol.js';
import { DeviceRecord } from './device-record.js';
import { hostsFor, presentsOthers } from './device-requests.js';
import { Proof, stringItem } from './proof.js';

/**
 * The endpoint where a browser proves that it still has the key of a session. The proof is all that counts: a browser that
 * was led here from another site sends no cookies (SameSite), and what it gets is useless without the credential.
 */
export class Refresh {
  constructor(private readonly protocol: DeviceProtocol) {}

  async answer({ headers }: DeviceRequest): Promise<DeviceAnswer> {
    // Pages cannot set it, so only the browser itself can ask for a refresh.
    const id = stringItem(headers['sec-secure-session-id']);
    if (id === undefined) return refused(400, 'no-session-id');
    const { setting } = this.protocol;
    const isMeant = isSessionId(id) && !presentsOthers(setting, headers, id);
    const core = isMeant ? await setting.operations.find(id) : undefined;
    const record = core && recordOf(core);
    if (record === undefined) return refused(404, 'no-bound-session');
    return this.#prove(core!, record, headers);
  }

  async #prove(core: SessionCore, record: DeviceRecord, headers: RequestHeaders): Promise<DeviceAnswer> {
    const { protocol } = this;
    const { operations } = protocol.setting;
    const response = headers['secure-session-response'];
    if (response === undefined) return challenged(protocol, core.id, record.accepted);
    const proof = Proof.parse(response);
    if (proof === undefined) return this.#forged(core, headers, 'malformed-proof');
    if (protocol.refreshes.sessionOf(proof.challenge, record.accepted) !== core.id)
      return challenged(protocol, core.id, record.accepted);
    if (!proof.isSignedBy(record.key)) return this.#forged(core, headers, 'wrong-signature');
    if (!proof.isFor(hostsFor(headers, protocol.options.hosts)))
      return this.#forged(core, headers, 'wrong-audience');
    const outcome = await operations.bindDevice(core, record.next());
    if (outcome === 'bound') return bound(protocol, core, record.key.thumbprint);
    if (outcome === 'gone') return refused(404, 'no-bound-session');
    if (outcome === 'conflict') return later();
    // Another proof was accepted first, and with it the challenge was used.
    const now = await operations.find(core.id);
    const latest = now && recordOf(now);
    return latest === undefined ? later() : challenged(protocol, core.id, latest.accepted);
  }

  // Ids are public: whoever knows one must not be able to raise the alarm.
  #forged({ id, identity }: SessionCore, headers: RequestHeaders, code: string): DeviceAnswer {
    const presented = this.protocol.setting.resolver.resolve(headers);
    if (presented.some((one) => one.id === id && secretMatches(one.secret, identity.secretHash)))
      this.protocol.report(id);
    return refused(400, code);
  }
}

function recordOf({ device }: SessionCore): DeviceRecord | undefined {
  return device === undefined ? undefined : DeviceRecord.parse(device);
}
