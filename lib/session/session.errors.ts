/** The stable codes of this package's errors: what to match on instead of message text. */
export type SessionErrorCode =
  | 'SESSION_OPTIONS'
  | 'SESSION_STORE_UNAVAILABLE'
  | 'SESSION_DATA'
  | 'SESSION_GONE'
  | 'SESSION_CONFLICT'
  | 'SESSION_READ_ONLY'
  | 'SESSION_MISSING'
  | 'SESSION_USAGE'
  | 'SESSION_ANSWER_SENT'
  | 'SESSION_TOO_LARGE'
  | 'SESSION_LOCK_TIMEOUT'
  | 'SESSION_LOCK_LOST';

/**
 * Base of every error that this package throws. `code` is stable; message text is not.
 *
 * An error that nobody catches becomes the HTTP answer of its `statusCode`: it has the shape of the package `http-errors`,
 * which NestJS, Express and Fastify know.
 */
export abstract class SessionError extends Error {
  abstract readonly code: SessionErrorCode;
  /** The HTTP status of an answer that this error ends. */
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

/** The options contradict each other or hold values that cannot be used. Lists every fault at once; never a secret. */
export class SessionOptionsError extends SessionError {
  readonly code = 'SESSION_OPTIONS';
  constructor(
    /** One sentence per fault: the option, its environment variable, what was given, what is expected. */
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
  /** When to come back, in seconds: the value of the answer's Retry-After header. A client reconnects sooner. */
  readonly retryAfterInSeconds = 1;
  constructor(
    operation: string,
    attempts: number,
    cause: unknown,
    /** Whether the store may have carried out the operation all the same: the answer was lost, not the request. */
    readonly outcomeUnknown: boolean = true,
  ) {
    const reason = cause instanceof Error || hasMessage(cause) ? cause.message : String(cause);
    const tries = attempts === 1 ? 'once' : `${attempts} times`;
    super(`The session store failed to ${operation} a session (tried ${tries}): ${reason}`, { cause });
  }
}

/** An attribute cannot be stored, or what is stored cannot be read. Names the attribute, never its value. */
export class SessionDataError extends SessionError {
  readonly code = 'SESSION_DATA';
  constructor(
    message: string,
    /** The top-level attribute at fault. */
    readonly attribute: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The session was destroyed, regenerated or has expired since it was loaded; nothing was written. */
export class SessionGoneError extends SessionError {
  readonly code = 'SESSION_GONE';
  override readonly statusCode = 409;
  constructor(id: string) {
    super(`Session ${id} was destroyed or has expired since it was loaded; nothing was written.`);
  }
}

/**
 * The credential that this request came in with is void: another request rotated the session since. Nothing was read or
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

/** A write through a session of state `read-only`. */
export class SessionReadOnlyError extends SessionError {
  readonly code = 'SESSION_READ_ONLY';
  constructor(attempt: string) {
    super(
      `Cannot ${attempt}: the session is read-only here. Use @SessionState('read-write') on this route to write.`,
    );
  }
}

/** There is no session here to give: the reason and the remedy stand in the message. */
export class SessionMissingError extends SessionError {
  readonly code = 'SESSION_MISSING';
  constructor(
    message: string,
    /** 400 if the reason is the target that the client sent. */
    override readonly statusCode: 400 | 500 = 500,
  ) {
    super(message);
  }
  // The message names routes and registrations.
  override get expose(): boolean {
    return false;
  }
}

/** The application used the session in a way that this package does not have; the message names the alternatives. */
export class SessionUsageError extends SessionError {
  readonly code = 'SESSION_USAGE';
}

/** A new cookie is needed, and the head of the answer has been sent. Nothing was written. */
export class SessionAnswerSentError extends SessionError {
  readonly code = 'SESSION_ANSWER_SENT';
  constructor(attempt: string) {
    super(
      `Cannot ${attempt}: the answer has begun, and the cookie that this needs can no longer be sent; nothing was written. Do it before the first byte of the answer.`,
    );
  }
}

/** The attributes together exceed `maxSessionBytes`; the stored session stays as it was. */
export class SessionTooLargeError extends SessionError {
  readonly code = 'SESSION_TOO_LARGE';
  constructor(id: string, bytes: number, limit: number) {
    super(
      `Session ${id} would hold ${bytes} bytes, more than maxSessionBytes (${limit}); nothing was written. Store less in the session, or raise maxSessionBytes.`,
    );
  }
}

/** Waiting for an exclusive session took longer than its limit, or too many requests wait already. HTTP 423. */
export class SessionLockTimeoutError extends SessionError {
  readonly code = 'SESSION_LOCK_TIMEOUT';
  override readonly statusCode = 423;
  constructor(
    message: string,
    /** When to come back, in seconds: the value of the answer's Retry-After header. */
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

// Errors made by Node's core are not `instanceof Error` across realms, so the shape is what counts.
function hasMessage(value: unknown): value is { message: string } {
  return typeof (value as { message?: unknown } | null)?.message === 'string';
}
