import type { DeviceSetting } from '../request/device-hook.js';
import type { RequestHeaders } from '../request/session-answer.js';

/**
 * Whether a request presents the credentials of other sessions and not of this one: its bound cookie would take the place of
 * theirs. A browser that came from another site presents none, because cookies are SameSite.
 */
export function presentsOthers({ resolver }: DeviceSetting, headers: RequestHeaders, id: string): boolean {
  const presented = resolver.resolve(headers);
  return presented.length > 0 && presented.every((credential) => credential.id !== id);
}

/** The hosts that a proof may name. @param given the option `hosts` */
export function hostsFor(headers: RequestHeaders, given: readonly string[] | undefined): readonly string[] {
  // HTTP/2 has no Host header.
  const { host = headers[':authority'] } = headers;
  return given ?? (typeof host === 'string' ? [host.toLowerCase()] : []);
}
