import type { DeviceSetting } from '../request/device-hook.js';
import type { RequestHeaders } from '../request/session-answer.js';
import type { SessionCore } from '../session/session-core.js';
import type { SessionCredential } from '../session/session-credential.js';

// As many as a request of the application opens.
const MOST_OPENED = 4;

/** The session whose credential a registration presents. It is read without a touch. */
export class PresentedSessions {
  constructor(private readonly setting: DeviceSetting) {}

  /** @param isMeant decides without a read whether the request can be about this session */
  async find(
    headers: RequestHeaders,
    isMeant: (credential: SessionCredential) => boolean,
  ): Promise<SessionCore | undefined> {
    const { operations, resolver } = this.setting;
    for (const credential of resolver.resolve(headers).slice(0, MOST_OPENED)) {
      if (!isMeant(credential)) continue;
      // oxlint-disable-next-line no-await-in-loop -- mostly there is one
      const core = await operations.openUntouched(credential);
      if (core !== undefined) return core;
    }
    return undefined;
  }
}

/** The hosts that a proof may name. @param given the option `hosts` */
export function hostsFor(headers: RequestHeaders, given: readonly string[] | undefined): readonly string[] {
  // HTTP/2 has no Host header.
  const { host = headers[':authority'] } = headers;
  return given ?? (typeof host === 'string' ? [host.toLowerCase()] : []);
}
