import { SessionRequest } from '../request/session-request.js';
import { SessionMissingError } from '../session/session.errors.js';

/**
 * A message has no answer that could carry a cookie.
 * @throws SessionMissingError if the client would need one: nothing is stored then.
 */
export function assertNothingToSend({ core, presented }: SessionRequest): void {
  if (core === undefined || core.destroyRequested) return;
  const isCreated = core.status === 'new' && core.attributes.changes().size > 0;
  if (!isCreated && !core.identity.rotateRequested && core.newCredential === undefined) return;
  throw new SessionMissingError(
    presented === undefined
      ? 'There is no session to write to: this socket was opened without one, and an open socket cannot be given a cookie. Create the session in an HTTP request before the socket is opened.'
      : 'A session cannot be rotated or regenerated here: an open socket cannot be given the new cookie, and the client would lose its session. Do it in an HTTP request.',
  );
}

/** The session of the message that a guard or an interceptor is called for. */
export function messageSessionIn(args: readonly unknown[]): SessionRequest | undefined {
  return args.find((arg) => arg instanceof SessionRequest);
}
