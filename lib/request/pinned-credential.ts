import type { SessionCredential } from '../session/session-credential.js';
import type { SessionIdResolver } from './session-id-resolver.js';
import { SessionRegistration } from './session-registration.js';

/**
 * A registration in which only this credential opens a session, whatever the headers hold. Without a credential, no
 * session is opened.
 */
export function pinnedTo(
  credential: SessionCredential | undefined,
  { name, operations, resolver, sessionState }: SessionRegistration,
): SessionRegistration {
  const credentials = credential === undefined ? [] : [credential];
  const pinned: SessionIdResolver = {
    resends: () => false,
    path: resolver.path,
    transport: resolver.transport,
    resolve: () => credentials,
    send: () => undefined,
    expire: () => undefined,
    isSecure: () => undefined,
    headersOf: () => ({}),
  };
  return new SessionRegistration(name, operations, pinned, sessionState);
}
