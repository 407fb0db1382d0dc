import type { DeviceBinding } from './device-binding.js';

/** The stable codes of this package's errors. Match on these instead of the message. */
export type SessionErrorCode =
  | 'SESSION_OPTIONS'
  | 'SESSION_START'
  | 'SESSION_STORE_UNAVAILABLE'
  | 'SESSION_DATA'
  | 'SESSION_SCHEMA'
  | 'SESSION_GONE'
  | 'SESSION_CONFLICT'
  | 'SESSION_READ_ONLY'
  | 'SESSION_MISSING'
  | 'SESSION_USAGE'
  | 'SESSION_ANSWER_SENT'
  | 'SESSION_TOO_LARGE'
  | 'SESSION_LOCK_TIMEOUT'
  | 'SESSION_LOCK_LOST'
  | 'SESSION_LIMIT'
  | 'SESSION_CROSS_SITE'
  | 'SESSION_DEVICE_UNBOUND'
  | 'SESSION_RECENT_AUTHENTICATION_REQUIRED';

/**
 * Base of the errors that this package throws, except RecentAuthenticationRequiredError. `code` is stable; the message is
 * not.
 *
 * An error that nobody catches becomes an HTTP answer with its `statusCode`: it has the shape of the package `http-errors`,
 * which NestJS, Express and Fastify know.
 */
export abstract class SessionError extends Error {
  abstract readonly code: SessionErrorCode;
  /** The HTTP status of the answer if nobody catches the error. */
  readonly statusCode: number = 500;
  override get name(): string {
    return this.constructor.name;
  }
  get status(): number {
    return this.statusCode;
  }
  /** Whether the client may read the message. */
  get expose(): boolean {
    return this.statusCode < 500;
  }
}

/** Options are invalid or contradict each other. Lists every fault at once; never shows a secret. */
export class SessionOptionsError extends SessionError {
  readonly code = 'SESSION_OPTIONS';
  constructor(
    /** One sentence for each fault: the option, its environment variable, what was given, what is expected. */
    readonly faults: readonly string[],
  ) {
    super(
      `RedisSessionModule cannot start with these options:\n${faults.map((fault) => `  - ${fault}`).join('\n')}`,
    );
  }
}

/**
 * The store did not answer in time or refused. HTTP 503 with Retry-After.
 * `cause` is the client's own error, without the command's arguments (they hold keys and data).
 */
export class SessionStoreUnavailableError extends SessionError {
  readonly code = 'SESSION_STORE_UNAVAILABLE';
  override readonly statusCode = 503;
  /** When to retry, in seconds: the value of the answer's Retry-After header. */
  readonly retryAfterInSeconds = 1;
  constructor(
    operation: string,
    attempts: number,
    cause: unknown,
    /** Whether the store may have carried out the operation: only its answer may have been lost. */
    readonly outcomeUnknown: boolean = true,
  ) {
    const reason = cause instanceof Error || hasMessage(cause) ? cause.message : String(cause);
    const tries = attempts === 1 ? 'once' : `${attempts} times`;
    super(`The session store failed to ${operation} a session (tried ${tries}): ${reason}`, { cause });
  }
}

/** Redis was not reachable at start, and the option `failFast` is true. `cause` is the client's own error. */
export class SessionStartError extends SessionError {
  readonly code = 'SESSION_START';
  constructor(reason: string, cause: unknown) {
    super(
      `The application does not start, because Redis is not reachable and failFast is true: ${reason.replace(/\.?$/, '.')} Start Redis or correct the options that say where it is, or set failFast to false to start without it.`,
      { cause },
    );
  }
}

/** An attribute cannot be stored, or its stored text cannot be read. Names the attribute, never its value. */
export class SessionDataError extends SessionError {
  readonly code: 'SESSION_DATA' | 'SESSION_SCHEMA' = 'SESSION_DATA';
  constructor(
    message: string,
    /** The top-level attribute at fault. */
    readonly attribute: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * A session does not match the option `schema`: what a request wrote (nothing is stored then), or what was stored before.
 * Names the paths, never a value. `attribute` is that of the first path; '' if the session as a whole is at fault.
 */
export class SessionSchemaError extends SessionDataError {
  override readonly code = 'SESSION_SCHEMA';
  /** Where the session breaks the schema, such as `cart[0].sku`; '' for the session as a whole. */
  readonly paths: readonly string[];
  constructor(faults: readonly (readonly PropertyKey[])[], what: string, verb?: 'cannot') {
    const paths = [...new Set(faults.map(pathText))];
    const shown = paths
      .slice(0, SHOWN_PATHS)
      .map((path) => (path === '' ? 'The session' : `session.${path}`));
    const others = paths.length > SHOWN_PATHS ? ` and ${paths.length - SHOWN_PATHS} more` : '';
    const does = verb ?? (paths.length === 1 ? 'does' : 'do');
    super(`${shown.join(', ')}${others} ${does} ${what}`, String(faults[0]?.[0] ?? ''));
    this.paths = paths;
  }
}

const SHOWN_PATHS = 5;

function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((part, place) =>
      typeof part === 'number' ? `[${part}]` : `${place === 0 ? '' : '.'}${String(part)}`,
    )
    .join('');
}

/** The session was destroyed or regenerated, or has expired, since it was loaded. Nothing was written. HTTP 409. */
export class SessionGoneError extends SessionError {
  readonly code = 'SESSION_GONE';
  override readonly statusCode = 409;
  constructor(id: string) {
    super(`Session ${id} was destroyed or has expired since it was loaded; nothing was written.`);
  }
}

/**
 * The credential of this request is no longer valid: another request has rotated the session since. Nothing was read or
 * written. HTTP 409.
 */
export class SessionConflictError extends SessionError {
  readonly code = 'SESSION_CONFLICT';
  override readonly statusCode = 409;
  constructor(
    id: string,
    message = `Another request rotated session ${id} since it was loaded; nothing of this request was written. Send the request again with the new credential.`,
  ) {
    super(message);
  }
}

/** A write on a route whose session state is `read-only`. */
export class SessionReadOnlyError extends SessionError {
  readonly code = 'SESSION_READ_ONLY';
  constructor(attempt: string) {
    super(
      `Cannot ${attempt}: the session is read-only here. Use @SessionState('read-write') on this route to write.`,
    );
  }
}

/** There is no session here. The message names the reason and the remedy. */
export class SessionMissingError extends SessionError {
  readonly code = 'SESSION_MISSING';
  constructor(
    message: string,
    /** 400 if the request target that the client sent is the reason. */
    override readonly statusCode: 400 | 500 = 500,
  ) {
    super(message);
  }
  // The message names routes and registrations.
  override get expose(): boolean {
    return false;
  }
}

/** The application used the session in a way that is not supported. The message names the alternatives. */
export class SessionUsageError extends SessionError {
  readonly code = 'SESSION_USAGE';
}

/** The operation needs a new cookie, but the head of the answer has been sent. Nothing was written. */
export class SessionAnswerSentError extends SessionError {
  readonly code = 'SESSION_ANSWER_SENT';
  constructor(attempt: string) {
    super(
      `Cannot ${attempt}: the answer has begun, so the cookie that this needs can no longer be sent; nothing was written. Do it before the first byte of the answer.`,
    );
  }
}

/** The attributes together exceed `maxSessionBytes`. The stored session is unchanged. */
export class SessionTooLargeError extends SessionError {
  readonly code = 'SESSION_TOO_LARGE';
  constructor(id: string, bytes: number, limit: number) {
    super(
      `Session ${id} would hold ${bytes} bytes, more than maxSessionBytes (${limit}); nothing was written. Store less in the session, or raise maxSessionBytes.`,
    );
  }
}

/** The wait for an exclusive session timed out, or too many requests are waiting for it. HTTP 423. */
export class SessionLockTimeoutError extends SessionError {
  readonly code = 'SESSION_LOCK_TIMEOUT';
  override readonly statusCode = 423;
  constructor(
    message: string,
    /** When to retry, in seconds: the value of the answer's Retry-After header. */
    readonly retryAfterInSeconds: number,
  ) {
    super(message);
  }
}

/** The lease of an exclusive session ended before its holder wrote; nothing was written. HTTP 409. */
export class SessionLockLostError extends SessionError {
  readonly code = 'SESSION_LOCK_LOST';
  override readonly statusCode = 409;
  constructor(id: string) {
    super(
      `The lock of session ${id} ended before this request did (see lock.leaseInMilliseconds and lock.maxHoldInMilliseconds); nothing was written. The request can be sent again.`,
    );
  }
}

/**
 * The user has `maxSessionsPerUser` sessions, and `onSessionLimit` is `'refuse'`: this session was not bound to the user, and
 * nothing of it was stored. HTTP 409.
 */
export class SessionLimitError extends SessionError {
  readonly code = 'SESSION_LIMIT';
  override readonly statusCode = 409;
  constructor(
    /** The value of `maxSessionsPerUser`. */
    readonly limit: number,
  ) {
    super(
      `This user has as many sessions as maxSessionsPerUser allows (${limit}), so this login was refused. Log out on another device, then log in again.`,
    );
  }
}

/** A page of another site sent the request, and `CrossSiteGuard` refused it. HTTP 403. */
export class SessionCrossSiteError extends SessionError {
  readonly code = 'SESSION_CROSS_SITE';
  override readonly statusCode = 403;
  constructor() {
    super(
      'A page of another site sent this request, so it was refused. If the page is yours, add its origin to trustedOrigins. If any site may send it, write @AllowCrossSite() above the handler.',
    );
  }
}

/** `@RequireDeviceBound()` refused a request that has not proved that it comes from the device of its session. HTTP 403. */
export class SessionDeviceUnboundError extends SessionError {
  readonly code = 'SESSION_DEVICE_UNBOUND';
  override readonly statusCode = 403;
  constructor(
    /** What the request has proved; `undefined` if there is no stored session, or nobody judges it. */
    readonly deviceBound: DeviceBinding | undefined,
  ) {
    super(
      deviceBound === 'stale'
        ? 'This request has no valid proof that it comes from the device of its session. Send it again: the browser renews the proof.'
        : 'This request needs a session that is bound to a device, and its session is not. Log in with a browser that supports device-bound sessions.',
    );
  }
}

// Errors of Node's core are not `instanceof Error` across realms, so this checks the shape.
function hasMessage(value: unknown): value is { message: string } {
  return typeof (value as { message?: unknown } | null)?.message === 'string';
}
