import type { DeviceAnswer, DeviceRequest } from '../request/device-hook.js';
import type { RequestHeaders } from '../request/session-answer.js';
import type { SessionCore } from '../session/session-core.js';
import { bound, challenged, later, refused } from './device-answers.js';
import type { DeviceProtocol } from './device-protocol.js';
import { DeviceRecord } from './device-record.js';
import { Proof, stringItem } from './proof.js';
import { hostsFor, PresentedSessions } from './presented-sessions.js';

/**
 * The endpoint where a browser proves that it still has the key of a session. It needs the credential, but no bound cookie:
 * a browser comes here because its own has expired.
 */
export class Refresh {
  readonly #sessions: PresentedSessions;

  constructor(private readonly protocol: DeviceProtocol) {
    this.#sessions = new PresentedSessions(protocol.setting);
  }

  async answer({ headers }: DeviceRequest): Promise<DeviceAnswer> {
    // Pages cannot set it, so only the browser itself can ask for a refresh.
    const id = stringItem(headers['sec-secure-session-id']);
    if (id === undefined) return refused(400, 'no-session-id');
    const core = await this.#find(headers, id);
    if (core !== undefined) return this.#prove(core, headers);
    return (await this.#sessions.isReplaced(headers, id)) ? later() : refused(404, 'no-session');
  }

  #find(headers: RequestHeaders, id: string): Promise<SessionCore | undefined> {
    return this.#sessions.find(headers, (credential) => credential.id === id);
  }

  async #prove(core: SessionCore, headers: RequestHeaders): Promise<DeviceAnswer> {
    const { protocol } = this;
    const record = core.device === undefined ? undefined : DeviceRecord.parse(core.device);
    if (record === undefined) return refused(404, 'not-bound');
    const response = headers['secure-session-response'];
    if (response === undefined) return challenged(protocol, core.id, record.accepted);
    const proof = Proof.parse(response);
    if (proof === undefined) return this.#forged(core, 'malformed-proof');
    if (!protocol.refreshes.isOpen(proof.challenge, core.id, record.accepted))
      return challenged(protocol, core.id, record.accepted);
    if (!proof.isSignedBy(record.key)) return this.#forged(core, 'wrong-signature');
    if (!proof.isFor(hostsFor(headers, protocol.options.hosts))) return this.#forged(core, 'wrong-audience');
    const outcome = await protocol.setting.operations.bindDevice(core, record.next());
    if (outcome === 'bound') return bound(protocol, core, record.key.thumbprint);
    if (outcome === 'gone') return refused(404, 'no-session');
    return outcome === 'taken' ? this.#again(core.id, headers) : later();
  }

  // Another proof was accepted first, and with it the challenge was used.
  async #again(id: string, headers: RequestHeaders): Promise<DeviceAnswer> {
    const core = await this.#find(headers, id);
    const record = core?.device === undefined ? undefined : DeviceRecord.parse(core.device);
    return record === undefined ? later() : challenged(this.protocol, id, record.accepted);
  }

  #forged({ id }: SessionCore, code: string): DeviceAnswer {
    this.protocol.report(id);
    return refused(400, code);
  }
}
