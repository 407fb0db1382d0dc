import type { SessionRepository } from '../session/session.repository.js';
import { SessionStoreUnavailableError } from '../shared.js';

/** Measures round trips to the store, one at a time: checks that come meanwhile share it, however many there are. */
export class SessionRoundTrips {
  readonly #underWay = new WeakMap<SessionRepository, Promise<number>>();

  /**
   * @returns how long the store took to answer, in milliseconds
   * @throws SessionStoreUnavailableError if it does not answer in time; what `ping` throws
   */
  async measure(sessions: SessionRepository, timeoutInMilliseconds: number): Promise<number> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(noAnswer(timeoutInMilliseconds)), timeoutInMilliseconds);
    });
    try {
      return await Promise.race([this.#shared(sessions), timeout]);
    } finally {
      clearTimeout(timer);
    }
  }

  #shared(sessions: SessionRepository): Promise<number> {
    const underWay = this.#underWay.get(sessions);
    if (underWay !== undefined) return underWay;
    const asked = ask(sessions).finally(() => this.#underWay.delete(sessions));
    this.#underWay.set(sessions, asked);
    return asked;
  }
}

function noAnswer(milliseconds: number): SessionStoreUnavailableError {
  return new SessionStoreUnavailableError('load', 1, new Error(`no answer within ${milliseconds} ms`));
}

async function ask(sessions: SessionRepository): Promise<number> {
  const startedAt = performance.now();
  await sessions.ping();
  return performance.now() - startedAt;
}
