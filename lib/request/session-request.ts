import { formatCredential, type SessionCredential } from '../session/session-credential.js';
import type { SessionCore } from '../session/session-core.js';
import { coreIn, sessionOf } from '../session/session-proxy.js';
import type { SessionAdmission } from '../session/session-operations.js';
import type { SessionState } from '../session/session-state.js';
import {
  SessionAnswerSentError,
  SessionConflictError,
  SessionLockLostError,
  SessionMissingError,
  SessionReadOnlyError,
  SessionUsageError,
} from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import { RequestLock } from './request-lock.js';
import type { Commits, RequestHeaders, SessionAnswer } from './session-answer.js';
import { SessionClient } from './session-client.js';
import type { MigratedSession, SessionRegistration } from './session-registration.js';

// A client that sends more credentials is not a browser with two paths or two subdomains. A logout ends all of them.
const MOST_OPENED = 4;

/** Where the router has led a request. */
export interface RequestRouting {
  /** To a route whose handlers must not see the session that the request began with. */
  readonly misrouted: boolean;
}

const NOT_LOADED = new SessionMissingError(
  'The session was not loaded: the state of this route is "disabled". Its requests have no session that can be changed or ended.',
);

/**
 * One request or message, and its session: `begin` loads it, `enter` applies the state of the route, `commit` stores it
 * and sends the credential. Each may be called as often as convenient. `begin` and `commit` return `undefined` if there
 * is nothing to wait for: most requests need no session and pay nothing for one.
 */
export class SessionRequest implements Commits {
  /** The session, once one was loaded or somebody asked for it. */
  core: SessionCore | undefined;
  #begun: Promise<void> | true | undefined;
  // Why the session could not be loaded. Thrown when the session is read, so a request that never reads it succeeds.
  #failure: Error | undefined;
  #state: SessionState | undefined;
  #locking: Promise<void> | undefined;
  #lock: RequestLock | undefined;
  // Whether the request does not touch the session. Set while only its end can tell, or if it does not.
  #isUntouching: (() => boolean) | undefined;
  readonly #client: SessionClient;
  // `request.session = null`: commit destroys the session.
  #removed = false;
  #holdsAnswer = false;
  #committed = false;
  #warned = false;
  #skipped = false;

  /**
   * @param answer `undefined` for a message: nothing of it can carry a credential
   * @param routing `undefined` if all routes belong to the same registration
   */
  constructor(
    readonly registration: SessionRegistration,
    private readonly headers: RequestHeaders,
    readonly answer?: SessionAnswer,
    private readonly routing?: RequestRouting,
  ) {
    this.#client = new SessionClient(registration, answer);
  }

  /** The credential that opened the session. */
  get presented(): string | undefined {
    return this.#client.presented;
  }

  /** The route belongs to another registration: its handler gets no session, and nothing is stored or sent. */
  get misrouted(): boolean {
    return this.routing?.misrouted === true;
  }

  /**
   * `request.session`. A request without a session gets a new, empty one, which is stored once it is written to.
   * `undefined` on a route of state `disabled` and on one of another registration.
   * @throws the error with which the load failed
   */
  get session(): Session | undefined {
    if (this.disabled || this.#removed) return undefined;
    this.assertLoaded();
    if (this.core === undefined) this.#adopt(this.#newCore());
    this.#holdAnswer();
    return sessionOf(this.core!);
  }

  /** The route has no session of this registration. */
  get disabled(): boolean {
    return this.#state === 'disabled' || this.misrouted;
  }

  /**
   * What an assignment to `request.session` does. `null` drops what the request changed and destroys the session at the
   * end of the request, as `unset: 'destroy'` does in express-session. A session of this registration takes the place of
   * the other one.
   * @throws SessionUsageError for anything else. SessionReadOnlyError for `null` on a read-only route.
   */
  replaceSession(value: unknown): void {
    this.assertLoaded();
    if (this.#skipped) throw NOT_LOADED;
    if (value === null) return this.#remove();
    const core = coreIn(value);
    if (core?.actions !== this.registration.operations) throw notASession(value);
    this.#adopt(core);
    this.#holdAnswer();
  }

  get committed(): boolean {
    return this.#committed;
  }

  /** @throws the error with which the load failed */
  assertLoaded(): void {
    if (this.#failure === undefined) return;
    if (!this.answer?.headersSent) this.#client.announceRetry(this.#failure);
    throw this.#failure;
  }

  /**
   * Begins without loading the session, because the route is of state `disabled`. Middleware that reads `request.session`
   * all the same gets an empty session that is never stored, and cannot end the visitor's own.
   */
  skip(): void {
    this.#skipped = true;
  }

  /** The session was not loaded, because the route is of state `disabled`. */
  get skipped(): boolean {
    return this.#skipped;
  }

  /** Loads the session that the request presents a credential for. Never rejects: `assertLoaded` tells the failure. */
  begin(): Promise<void> | undefined {
    if (this.#begun !== undefined) return this.#begun === true ? undefined : this.#begun;
    const { resolver, migration, unreturned } = this.registration;
    const credentials = resolver.resolve(this.headers);
    if (credentials.length > 0) unreturned.done = true;
    const old = credentials.length === 0 ? migration?.migrate(this.headers) : undefined;
    if (credentials.length > 0 || old !== undefined) return (this.#begun = this.#load(credentials, old));
    this.#begun = true;
    return undefined;
  }

  /**
   * Does not touch the session until it is known whether the route does.
   * @param isUntouching asked at the end of the request, unless `touch` or `enter` is called before
   */
  deferTouch(isUntouching: () => boolean): void {
    const first = this.#isUntouching === undefined;
    this.#isUntouching = isUntouching;
    if (!first) return;
    this.answer?.onceClosed(() => {
      // A client that has gone before the route was known does not keep the session alive.
      if (this.answer?.headersSent && this.#isUntouching?.() === false) this.touch();
    });
  }

  /** Touches the session if `deferTouch` was called. */
  touch(): void {
    if (this.#isUntouching === undefined) return;
    this.#isUntouching = undefined;
    this.#client.resends = true;
    // A session that is being loaded is touched then.
    if (this.core !== undefined) this.registration.operations.touchLater(this.core);
  }

  /** Applies the state that a route asks for, after `begin`. @param touches whether the request slides the idle timeout */
  async enter(state: SessionState = this.registration.sessionState, touches = true): Promise<void> {
    this.#state = state;
    if (state === 'disabled') return;
    if (touches) this.touch();
    else {
      this.#isUntouching = () => true;
      this.#client.resends = false;
    }
    if (this.#skipped) {
      // Another handler than the expected one.
      this.#skipped = false;
      this.core = undefined;
    }
    await this.begin();
    this.core?.setReadOnly(state === 'read-only');
    if (state !== 'exclusive') return;
    this.assertLoaded();
    await (this.#locking ??= this.#takeLock());
  }

  /**
   * Stores what the request changed, and gives the client its credential if that is new or has ended. Called again after
   * the first byte, stores what changed since in a session that the client has the credential of.
   */
  commit(failed: boolean): Promise<void> | undefined {
    const { core } = this;
    if (core === undefined || this.misrouted) return undefined;
    // Of a session that could not be loaded nothing is stored, but a logout is not passed over.
    if (core.status === 'detached' && !core.destroyRequested) return undefined;
    if (core.underWay !== undefined) return core.underWay.then(() => this.commit(failed));
    // The head of the answer has been sent: no credential can leave.
    const late = core.answerSent;
    if (this.#committed && !late) return undefined;
    const lock = this.#committed ? undefined : this.#lock;
    this.#committed = true;
    lock?.stopWaiting();
    core.answerSent = this.answer !== undefined;
    let storing = this.#store(core, failed, late);
    if (lock !== undefined) storing = releasing(lock, storing);
    if (this.#client.others !== undefined) storing = this.#client.endOthers(core, storing);
    if (late) return storing?.catch((error: unknown) => this.#refuse(error));
    if (storing === undefined) return this.#client.tell(core);
    return storing.then(
      () => this.#client.tell(core),
      (error: unknown) => this.#client.tellFailure(core, error),
    );
  }

  #dropNew(core: SessionCore, failed: boolean): undefined {
    if (failed || core.destroyRequested || core.attributes.changes().size === 0) return;
    this.#refuse(new SessionAnswerSentError('store a new session'));
  }

  #refuse(error: unknown): void {
    // The lock was released before the first byte: a stream that stays open must not hold it.
    const refused =
      error instanceof SessionAnswerSentError ||
      error instanceof SessionConflictError ||
      error instanceof SessionLockLostError;
    if (!refused) throw error;
    if (!this.#warned) this.answer?.warn(error.message);
    this.#warned = true;
  }

  async #load(
    credentials: readonly SessionCredential[],
    old: Promise<MigratedSession | undefined> | undefined,
  ): Promise<void> {
    const { operations, resolver, migration, expiresHeader, devices } = this.registration;
    const touches = this.#isUntouching === undefined;
    const admits = devices && ((core: SessionCore) => devices.admits(core, this.headers));
    try {
      for (const credential of firstOf(credentials)) {
        const core = await (touches
          ? operations.open(credential, admits)
          : operations.openUntouched(credential, admits));
        if (core === undefined) continue;
        this.#client.presented = formatCredential(credential.id, credential.secret);
        if (credentials.length > 1) this.#client.others = credentials.filter((other) => other !== credential);
        this.#adopt(core);
        if (!touches && this.#isUntouching === undefined) operations.touchLater(core);
        break;
      }
      if (this.core === undefined) {
        const migrating = old ?? migration?.migrate(this.headers);
        if (migrating !== undefined) this.#migrate(await migrating, admits);
      }
    } catch (error) {
      this.#goOnWithout(error);
    }
    this.#begun = true;
    const hasSession = this.core !== undefined;
    if (resolver.resends(this.core?.persistentCookie ?? false) || (hasSession && expiresHeader !== undefined))
      this.#holdAnswer();
  }

  #goOnWithout(failure: unknown): void {
    try {
      this.#adopt(this.registration.operations.detached(failure));
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  #migrate(old: MigratedSession | undefined, admits: SessionAdmission | undefined): void {
    // The credential of the other software may lead to a session that is bound by now.
    if (old !== undefined && admits?.(old.core) === false) return;
    this.#client.migrated = true;
    this.#client.presented = old?.credential;
    this.#adopt(old?.core ?? this.registration.operations.core());
    this.#holdAnswer();
  }

  #newCore(): SessionCore {
    const core = this.registration.operations.core();
    if (this.#skipped) {
      core.status = 'detached';
      core.lastException = NOT_LOADED;
    }
    return core;
  }

  #remove(): void {
    const { core } = this;
    if (core?.readOnly) throw new SessionReadOnlyError('destroy the session');
    this.#removed = true;
    if (core === undefined) return;
    core.destroyRequested = true;
    this.#holdAnswer();
  }

  #adopt(core: SessionCore): void {
    this.core = core;
    this.#removed = false;
    core.transport = this.answer;
    core.answerSent = this.answer !== undefined && (this.#committed || this.answer.headersSent);
    core.setReadOnly(this.#state === 'read-only');
    core.onReplaced = (next) => this.#adopt(next);
  }

  #holdAnswer(): void {
    if (this.#holdsAnswer) return;
    this.#holdsAnswer = true;
    this.#client.limitsCaching = this.answer?.headersSent === false;
    if (this.core && this.answer?.headersSent) this.core.answerSent = true;
    this.answer?.hold(this);
  }

  // After `begin`, which has checked the secret: an id is public, and must not be enough to wait in somebody's queue.
  async #takeLock(): Promise<void> {
    const { core } = this;
    if (core?.status !== 'stored') return;
    this.#lock = new RequestLock(core, this.registration.operations, this.answer);
    try {
      await this.#lock.take();
    } catch (error) {
      this.#client.announceRetry(error);
      throw error;
    }
    this.#holdAnswer();
  }

  #store(core: SessionCore, failed: boolean, late: boolean): Promise<void> | undefined {
    const { operations } = this.registration;
    if (core.status === 'ended') return undefined;
    if (late && core.status === 'new') return this.#dropNew(core, failed);
    // The verb itself failed, and nobody may have looked: try the logout again before the answer says that it happened.
    if (core.destroyRequested) return operations.destroy(core);
    if (failed) return undefined;
    try {
      return operations.saveChanges(core);
    } catch (error) {
      // A value that cannot be stored.
      return Promise.reject(error);
    }
  }
}

// A save has released it already; if nothing was saved, the answer does not wait for the release.
function releasing(lock: RequestLock, storing: Promise<void> | undefined): Promise<void> | undefined {
  if (storing !== undefined) return storing.finally(() => lock.release());
  lock.release();
  return undefined;
}

// Mostly there is one: no copy is made then.
function firstOf(credentials: readonly SessionCredential[]): readonly SessionCredential[] {
  return credentials.length > MOST_OPENED ? credentials.slice(0, MOST_OPENED) : credentials;
}

function notASession(value: unknown): SessionUsageError {
  const given =
    coreIn(value) === undefined ? `a value of type ${typeof value}` : 'a session of another registration';
  return new SessionUsageError(
    `request.session cannot be replaced by ${given}; nothing was changed. Use Object.assign(request.session, …) to set attributes, request.session.regenerate() to start anew, and request.session.destroy() or null to end the session. For another session middleware, leave its routes out with the option exclude.`,
  );
}
