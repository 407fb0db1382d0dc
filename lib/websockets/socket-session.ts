import { WsException } from '@nestjs/websockets';
import { pinnedTo } from '../request/pinned-credential.js';
import type { RequestHeaders } from '../request/session-answer.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { parseCredential } from '../session/session-credential.js';
import { SessionGoneError, SessionMissingError, SessionRequest } from '../shared.js';

/** The session that a socket is bound to. */
interface Pinned {
  /** `undefined` if the socket was opened without a session. */
  readonly credential: string | undefined;
  readonly registration: SessionRegistration;
}

/** The session that opened a socket. The socket never gets another one, even if its cookies hold several credentials. */
export class SocketSession {
  #pinned: Pinned | undefined;

  constructor(
    readonly client: object,
    private readonly registration: SessionRegistration,
    private readonly headers: RequestHeaders,
  ) {}

  /** Whether the store has said which session opened the socket, if any. */
  get isKnown(): boolean {
    return this.#pinned !== undefined;
  }

  /** The credential of the session. `undefined` if there is no session, or it is not known yet. */
  get credential(): string | undefined {
    return this.#pinned?.credential;
  }

  /**
   * Reads the session for one message.
   * @param touches whether the message slides the idle timeout
   * @throws SessionGoneError if the session has ended, or the store's error if it cannot be read
   */
  async message(touches = true): Promise<SessionRequest> {
    const request = new SessionRequest(this.#pinned?.registration ?? this.registration, this.headers);
    if (!touches) request.deferTouch(() => true);
    await request.begin();
    request.assertLoaded();
    // The store is unavailable and `throwOnError` is off: do not bind the socket yet.
    if (request.core?.status === 'detached') return request;
    this.#pinned ??= this.#pin(request.presented);
    const { credential, registration } = this.#pinned;
    if (request.presented === credential) return request;
    // Another message has bound the socket to another session in the meantime.
    if (request.registration !== registration) return this.message(touches);
    throw new SessionGoneError(parseCredential(credential!)!.id);
  }

  #pin(credential: string | undefined): Pinned {
    const parsed = credential === undefined ? undefined : parseCredential(credential);
    return { credential, registration: pinnedTo(parsed, this.registration) };
  }
}

// By gateway: gateways of one server share sockets, and each may use another registration.
const sockets = new WeakMap<object, Map<unknown, SocketSession | undefined>>();

/** Remembers the session of a gateway's socket, or `undefined` for a socket that the gateway rejected. */
export function rememberSocket(client: object, gateway: unknown, socket: SocketSession | undefined): void {
  const known = sockets.get(client) ?? new Map<unknown, SocketSession | undefined>();
  sockets.set(client, known.set(gateway, socket));
}

/** Whether the gateway rejected the socket. */
export function isRefused(client: object, gateway: unknown): boolean {
  const known = sockets.get(client);
  return known?.has(gateway) === true && known.get(gateway) === undefined;
}

/** @throws WsException if the gateway rejected the socket, SessionMissingError if `@GatewaySession()` never saw it connect */
export function socketSessionOf(client: object, gateway: unknown): SocketSession {
  const socket = sockets.get(client)?.get(gateway);
  if (socket !== undefined) return socket;
  if (isRefused(client, gateway)) throw new WsException('Forbidden origin');
  throw new SessionMissingError(
    'The handshake of this socket is not known: this application does not import RedisSessionModule (in a test: RedisSessionModule.forRoot({ store: "memory" })), or its gateway has a handleConnection() that replaces the one of @GatewaySession().',
  );
}
