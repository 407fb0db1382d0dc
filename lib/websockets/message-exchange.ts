import { SessionMissingError } from '../session/session.errors.js';
import { SessionExchange } from '../http/session-exchange.js';
import type { Handshake } from './handshake.js';

/** One message of a socket: the session of its handshake, read anew, and stored when the message was handled. */
export class MessageExchange extends SessionExchange {
  statusCode = 200;
  readonly secure = false;

  constructor(private readonly handshake: Handshake) {
    super(handshake.lifecycle);
  }

  requestHeader(name: string): string | undefined {
    return this.handshake.headers[name] as string | undefined;
  }

  /**
   * A message has no answer that could carry a cookie.
   * @throws SessionMissingError where the client would need one: nothing is stored then.
   */
  assertNothingToSend(): void {
    const { core, presented } = this;
    if (core === undefined || core.destroyRequested) return;
    const isCreated = core.status === 'new' && core.attributes.changes().size > 0;
    if (!isCreated && !core.rotateRequested && core.newCredential === undefined) return;
    throw new SessionMissingError(
      presented === undefined
        ? 'There is no session to write to: this socket was opened without one, and an open socket cannot be given a cookie. Create the session in an HTTP request before the socket is opened.'
        : 'A session cannot be rotated or regenerated here: an open socket cannot be given the new cookie, and the client would lose its session. Do it in an HTTP request.',
    );
  }

  // Nobody reads them: a persistent cookie is sent again, and one that has ended is expired, by the next HTTP request.
  setHeader(): void {}
  addCookie(): void {}
  hasHeader(): boolean {
    return true;
  }

  // The message's own handler waits for it, whatever becomes of the socket.
  override get closed(): boolean {
    return false;
  }
  override onceClosed(): void {}
  protected get answer(): never {
    throw new TypeError('A message has no answer.');
  }
  protected holdAnswer(): void {}
}

/** The exchange of the message that a guard or an interceptor is called for. */
export function exchangeIn(args: readonly unknown[]): MessageExchange | undefined {
  return args.find((arg) => arg instanceof MessageExchange);
}
