import { WsException } from '@nestjs/websockets';
import { pinnedTo } from '../request/pinned-credential.js';
import type { RequestHeaders } from '../request/session-answer.js';
import type { SessionRegistration } from '../request/session-registration.js';
import { SessionRequest } from '../request/session-request.js';
import { parseCredential } from '../session/session-credential.js';
import { SessionGoneError, SessionMissingError } from '../session/session.errors.js';

/** What a socket is bound to, once its session was looked for. */
interface Pinned {
  /** `undefined` for a socket that was opened without a session. */
  readonly credential: string | undefined;
  readonly registration: SessionRegistration;
}

/** The session that opened a socket. The socket never gets another one, whatever else its cookies hold. */
export class SocketSession {
  #pinned: Pinned | undefined;

  constructor(
    readonly client: object,
    private readonly registration: SessionRegistration,
    private readonly headers: RequestHeaders,
  ) {}

  /** Whether the session was looked for: not while the store is away. */
  get isKnown(): boolean {
    return this.#pinned !== undefined;
  }

  /** What opens the session. @returns `undefined` if there is none, or it is not known yet */
  get credential(): string | undefined {
    return this.#pinned?.credential;
  }

  /**
   * The session as one message has it: read anew.
   * @throws SessionGoneError if it has ended; the store's error if the session cannot be read
   */
  async message(): Promise<SessionRequest> {
    const request = new SessionRequest(this.#pinned?.registration ?? this.registration, this.headers);
    await request.begin();
    request.assertLoaded();
    // The store is away, and `throwOnError` is off: it has not said whose socket this is.
    if (request.core?.status === 'detached') return request;
    this.#pinned ??= this.#pin(request.presented);
    const { credential, registration } = this.#pinned;
    if (request.presented === credential) return request;
    // The first look of another message found another session.
    if (request.registration !== registration) return this.message();
    throw new SessionGoneError(parseCredential(credential!)!.id);
  }

  #pin(credential: string | undefined): Pinned {
    const parsed = credential === undefined ? undefined : parseCredential(credential);
    return { credential, registration: pinnedTo(parsed, this.registration) };
  }
}

// By gateway: those of one server share their sockets, and each may use the sessions of another registration.
const sockets = new WeakMap<object, Map<unknown, SocketSession | undefined>>();

/** Keeps what a gateway knows of a socket. `undefined` for one that it has refused. */
export function rememberSocket(client: object, gateway: unknown, socket: SocketSession | undefined): void {
  const known = sockets.get(client) ?? new Map<unknown, SocketSession | undefined>();
  sockets.set(client, known.set(gateway, socket));
}

export function isRefused(client: object, gateway: unknown): boolean {
  const known = sockets.get(client);
  return known?.has(gateway) === true && known.get(gateway) === undefined;
}

/** @throws WsException if the gateway has refused the socket; SessionMissingError if it connected past the decorator */
export function socketSessionOf(client: object, gateway: unknown): SocketSession {
  const socket = sockets.get(client)?.get(gateway);
  if (socket !== undefined) return socket;
  if (isRefused(client, gateway)) throw new WsException('Forbidden origin');
  throw new SessionMissingError(
    'The handshake of this socket is not known: this application does not import RedisSessionModule (in a test: RedisSessionModule.forRoot({ store: "memory" })), or its gateway has a handleConnection() that replaces the one of @GatewaySession().',
  );
}
