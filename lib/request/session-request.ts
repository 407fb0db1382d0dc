import { formatCredential, type SessionCredential } from '../session/session-credential.js';
import type { SessionCore } from '../session/session-core.js';
import { coreIn, sessionOf } from '../session/session-proxy.js';
import type { SessionState } from '../session/session-state.js';
import {
  SessionAnswerSentError,
  SessionConflictError,
  SessionLockLostError,
  SessionReadOnlyError,
  SessionUsageError,
} from '../session/session.errors.js';
import type { Session } from '../session/session.js';
import {
  type Commits,
  keepFromSharedCaches,
  type RequestHeaders,
  type SessionAnswer,
} from './session-answer.js';
import type { SessionRegistration, TakenOverSession } from './session-registration.js';

/** Where the router has led a request. */
export interface RequestRouting {
  /** To a route whose handlers must not see the session that the request began with. */
  readonly misrouted: boolean;
}

/**
 * One request or message, and its session: `begin` loads it, `enter` applies the state of the route, `commit` stores it
 * and sends the credential. Each may be called as often as convenient. `begin` and `commit` return `undefined` if there
 * is nothing to wait for: most requests need no session and pay nothing for one.
 */
export class SessionRequest implements Commits {
  /** The session, once one was loaded or somebody asked for it. */
  core: SessionCore | undefined;
  /** The credential that opened the session. */
  presented: string | undefined;
  #begun: Promise<void> | true | undefined;
  // Why the session could not be loaded. Kept for whoever needs it: a request that does not goes on without.
  #failure: Error | undefined;
  #state: SessionState | undefined;
  #locking: Promise<void> | undefined;
  #waiting: AbortController | undefined;
  // Whose lock the request holds or has held: `regenerate()` puts another session in `core`.
  #locked: SessionCore | undefined;
  // What was presented besides, and not asked for: a second cookie of the same name.
  #others: readonly SessionCredential[] | undefined;
  #takenOver = false;
  // `request.session = null`: commit destroys the session.
  #removed = false;
  #holdsAnswer = false;
  // The session was looked at while the answer could still take a header.
  #limitsCaching = false;
  #committed = false;
  #warned = false;

  /**
   * @param answer `undefined` for a message: nothing of it can carry a credential
   * @param routing `undefined` if all routes belong to the same registration
   */
  constructor(
    readonly registration: SessionRegistration,
    private readonly headers: RequestHeaders,
    readonly answer?: SessionAnswer,
    private readonly routing?: RequestRouting,
  ) {}

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
    if (this.core === undefined) this.#adopt(this.registration.operations.core());
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
    if (!this.answer?.headersSent) this.#announceRetry(this.#failure);
    throw this.#failure;
  }

  /** Loads the session that the request presents a credential for. Never rejects: `assertLoaded` tells the failure. */
  begin(): Promise<void> | undefined {
    if (this.#begun !== undefined) return this.#begun === true ? undefined : this.#begun;
    const { resolver, takeover } = this.registration;
    const credentials = resolver.resolve(this.headers);
    const old = credentials.length === 0 ? takeover?.takeOver(this.headers) : undefined;
    if (credentials.length > 0 || old !== undefined) return (this.#begun = this.#load(credentials, old));
    this.#begun = true;
    return undefined;
  }

  /** Applies the state that a route asks for, after `begin`. */
  async enter(state: SessionState = this.registration.sessionState): Promise<void> {
    this.#state = state;
    if (state === 'disabled') return;
    await this.begin();
    this.core?.setReadOnly(state === 'read-only');
    if (state !== 'exclusive') return;
    this.assertLoaded();
    await (this.#locking ??= this.#lock());
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
    const releases = this.#locked !== undefined && !this.#committed;
    this.#committed = true;
    // A message whose socket has closed: nobody needs the lock that it waits for.
    this.#waiting?.abort();
    core.answerSent = this.answer !== undefined;
    let storing = releases ? this.#storeAndUnlock(core, failed, late) : this.#store(core, failed, late);
    if (this.#others !== undefined) storing = this.#endOthers(core, this.#others, storing);
    if (late) return storing?.catch((error: unknown) => this.#refuse(error));
    if (storing === undefined) return this.#tellClient(core);
    return storing.then(
      () => this.#tellClient(core),
      (error: unknown) => this.#fail(core, error),
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
    old: Promise<TakenOverSession | undefined> | undefined,
  ): Promise<void> {
    const { operations, resolver, takeover } = this.registration;
    try {
      for (const credential of credentials) {
        const core = await operations.open(credential);
        if (core === undefined) continue;
        this.presented = formatCredential(credential.id, credential.secret);
        if (credentials.length > 1) this.#others = credentials.filter((other) => other !== credential);
        this.#adopt(core);
        break;
      }
      if (this.core === undefined) {
        const takingOver = old ?? takeover?.takeOver(this.headers);
        if (takingOver !== undefined) this.#takeOver(await takingOver);
      }
    } catch (error) {
      this.#goOnWithout(error);
    }
    this.#begun = true;
    if (resolver.resends(this.core?.persistentCookie ?? false)) this.#holdAnswer();
  }

  #goOnWithout(failure: unknown): void {
    try {
      this.#adopt(this.registration.operations.detached(failure));
    } catch (error) {
      this.#failure = error as Error;
    }
  }

  #takeOver(old: TakenOverSession | undefined): void {
    this.#takenOver = true;
    this.presented = old?.credential;
    this.#adopt(old?.core ?? this.registration.operations.core());
    this.#holdAnswer();
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
    this.#limitsCaching = this.answer?.headersSent === false;
    if (this.core && this.answer?.headersSent) this.core.answerSent = true;
    this.answer?.hold(this);
  }

  // After `begin`, which has checked the secret: an id is public, and must not be enough to wait in somebody's queue.
  async #lock(): Promise<void> {
    const { core, answer } = this;
    if (core?.status !== 'stored') return;
    const { operations } = this.registration;
    const waiting = (this.#waiting = new AbortController());
    // The client has gone, or the handler never answered. What it writes from now on is refused.
    answer?.onceClosed(() => {
      waiting.abort();
      if (!this.#committed) void operations.unlock(core);
    });
    if (answer?.closed) waiting.abort();
    try {
      await operations.lock(core, waiting.signal);
    } catch (error) {
      this.#announceRetry(error);
      throw error;
    }
    this.#locked = core;
    this.#holdAnswer();
    if (!answer?.closed && !this.#committed) return;
    await operations.unlock(core);
    throw new SessionLockLostError(core.id);
  }

  // After a logout the next request must not open a session that somebody else has put beside this one in the browser.
  async #endOthers(
    core: SessionCore,
    others: readonly SessionCredential[],
    storing: Promise<void> | undefined,
  ): Promise<void> {
    await storing;
    if (!hasEnded(core)) return;
    await Promise.all(others.map((credential) => this.registration.operations.end(credential)));
  }

  async #storeAndUnlock(core: SessionCore, failed: boolean, late: boolean): Promise<void> {
    try {
      await this.#store(core, failed, late);
    } finally {
      // A save has released it already; if nothing was saved, the answer does not wait for this.
      void this.registration.operations.unlock(this.#locked!);
    }
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

  // What `session.save()` stored before stays stored, and the client's old credential may be useless by now.
  #fail(core: SessionCore, error: unknown): never {
    if ((core.status === 'stored' || core.outcomeUnknown) && core.newCredential !== undefined)
      this.#send(core.newCredential);
    this.#announceRetry(error);
    throw error;
  }

  #announceRetry(error: unknown): void {
    const { retryAfterInSeconds } = error as { retryAfterInSeconds?: number };
    if (retryAfterInSeconds !== undefined) {
      this.answer?.setHeader('retry-after', String(retryAfterInSeconds));
    }
  }

  #tellClient(core: SessionCore): undefined {
    const { answer, presented } = this;
    const { resolver, takeover } = this.registration;
    if (answer === undefined) return;
    if (this.#limitsCaching && !answer.hasHeader('cache-control'))
      answer.setHeader('cache-control', this.registration.cacheControl);
    if (this.#takenOver) {
      answer.addCookie(takeover!.removal);
      keepFromSharedCaches(answer);
    }
    if (hasEnded(core)) {
      if (presented !== undefined) resolver.expire(answer);
    } else if (core.status === 'stored' || core.outcomeUnknown) {
      const resends = resolver.resends(core.persistentCookie) || core.cookieChanged || this.#takenOver;
      const credential = core.newCredential ?? (resends ? presented : undefined);
      if (credential !== undefined) this.#send(credential);
    }
  }

  #send(credential: string): void {
    const { idleTimeoutInSeconds, persistentCookie } = this.core!;
    if (this.answer !== undefined)
      this.registration.resolver.send(this.answer, credential, idleTimeoutInSeconds, persistentCookie);
  }
}

// An empty session in the place of the one that was presented, after a logout that regenerates, ends it as well. One whose
// create may have been carried out is no empty one.
function hasEnded(core: SessionCore): boolean {
  return core.destroyRequested || (core.status === 'new' && !core.outcomeUnknown);
}

function notASession(value: unknown): SessionUsageError {
  const given =
    coreIn(value) === undefined ? `a value of type ${typeof value}` : 'a session of another registration';
  return new SessionUsageError(
    `request.session cannot be replaced by ${given}; nothing was changed. Use Object.assign(request.session, …) to set attributes, request.session.regenerate() to start anew, and request.session.destroy() or null to end the session. For another session middleware, leave its routes out with the option exclude.`,
  );
}
