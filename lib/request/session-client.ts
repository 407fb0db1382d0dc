import { now } from '../session/clock.js';
import type { SessionCore } from '../session/session-core.js';
import type { SessionCredential } from '../session/session-credential.js';
import { keepFromSharedCaches, type SessionAnswer } from './session-answer.js';
import type { SessionRegistration } from './session-registration.js';

/** The client of a request: what it presents, and what the answer tells it about its session. */
export class SessionClient {
  /** The credential that opened the session. */
  presented: string | undefined;
  /** Other credentials that it presents: a second cookie of the same name. */
  others: readonly SessionCredential[] | undefined;
  /** Its session took the place of one of other software. */
  migrated = false;
  /** Whether a cookie whose expiry slides is sent again. Not by a request that does not touch the session. */
  resends = true;
  /** The session was looked at while the answer could still take a header. */
  limitsCaching = false;

  /** @param answer `undefined` for a message, which cannot tell anything */
  constructor(
    private readonly registration: SessionRegistration,
    private readonly answer: SessionAnswer | undefined,
  ) {}

  /** Gives the client its credential if that is new, or removes it if the session has ended. */
  tell(core: SessionCore): undefined {
    const { answer, presented, migrated } = this;
    const { resolver, migration, cacheControl, expiresHeader, devices } = this.registration;
    if (answer === undefined) return;
    if (this.limitsCaching && !answer.hasHeader('cache-control'))
      answer.setHeader('cache-control', cacheControl);
    if (migrated) {
      answer.addCookie(migration!.removal);
      keepFromSharedCaches(answer);
    }
    if (hasEnded(core)) {
      if (presented !== undefined) {
        resolver.expire(answer);
        devices?.expire(answer);
      }
    } else if (core.status === 'stored' || core.outcomeUnknown) {
      const resends = this.resends && !core.outdated && resolver.resends(core.persistentCookie);
      const sent = resends || core.cookieChanged || migrated ? presented : undefined;
      this.#send(core, core.newCredential ?? sent);
      if (devices !== undefined && core.newCredential !== undefined) devices.offer(core, answer);
      if (expiresHeader !== undefined) answer.setHeader(expiresHeader, String(secondsLeft(core)));
    }
  }

  /**
   * Tells that the session could not be stored. What `session.save()` stored before stays stored, and the old credential
   * may be useless by now: the client gets the new one all the same.
   */
  tellFailure(core: SessionCore, error: unknown): never {
    if (core.status === 'stored' || core.outcomeUnknown) this.#send(core, core.newCredential);
    this.announceRetry(error);
    throw error;
  }

  /** Says when to come back, if the error knows. */
  announceRetry(error: unknown): void {
    const { retryAfterInSeconds } = error as { retryAfterInSeconds?: number };
    if (retryAfterInSeconds !== undefined) {
      this.answer?.setHeader('retry-after', String(retryAfterInSeconds));
    }
  }

  /** After a logout the next request must not open a session that somebody else has put into the browser beside this one. */
  async endOthers(core: SessionCore, storing: Promise<void> | undefined): Promise<void> {
    await storing;
    if (!hasEnded(core)) return;
    await Promise.all(this.others!.map((credential) => this.registration.operations.end(credential)));
  }

  #send(core: SessionCore, credential: string | undefined): void {
    if (this.answer === undefined || credential === undefined) return;
    const { resolver } = this.registration;
    resolver.send(this.answer, credential, core.idleTimeoutInSeconds, core.persistentCookie);
    if (this.presented === undefined) this.registration.unreturned.sent(this.answer);
  }
}

// An empty session in the place of the one that was presented, after a logout that regenerates, ends it as well. One whose
// create may have been carried out is not empty.
function hasEnded(core: SessionCore): boolean {
  return core.destroyRequested || (core.status === 'new' && !core.outcomeUnknown);
}

function secondsLeft({ lifetime }: SessionCore): number {
  return Math.max(0, Math.floor((lifetime.endsAt - now()) / 1000));
}
