import type { SessionDestroyReason } from '../session/session-observer.js';
import type { IndexedSession, IndexKey, SessionIndex } from '../session/session-index.js';
import type { LockRequest } from '../session/lock-request.js';
import type { Observation } from './observation.js';
import { bytesIn } from './observed-bytes.js';

const done = { outcome: 'done' } as const;

/** An index whose operations are observed. Observers hear of no value in it. */
export class ObservedSessionIndex implements SessionIndex {
  constructor(
    private readonly index: SessionIndex,
    private readonly observation: Observation,
  ) {}

  add(key: IndexKey, id: string, keepInMilliseconds: number): Promise<void> {
    return this.#keep(() => this.index.add(key, id, keepInMilliseconds), id);
  }

  remove(key: IndexKey, ids: readonly string[]): Promise<void> {
    return this.#keep(() => this.index.remove(key, ids));
  }

  ids(key: IndexKey): AsyncIterable<readonly string[]> {
    return this.#batches(this.index.ids(key));
  }

  read(key: IndexKey, ids: readonly string[], attributes: readonly string[]): Promise<IndexedSession[]> {
    return this.observation.run(
      { operation: 'find' },
      () => this.index.read(key, ids, attributes),
      (sessions) => ({
        outcome: 'done',
        bytes: sessions.reduce((sum, session) => sum + bytesIn(session.attributes), 0),
      }),
    );
  }

  destroy(key: IndexKey, id: string, reason: SessionDestroyReason = 'revoked'): Promise<boolean> {
    return this.observation.run(
      { operation: 'destroy', id, reason },
      () => this.index.destroy(key, id, reason),
      (destroyed) => ({ outcome: destroyed ? 'destroyed' : 'absent' }),
    );
  }

  refuseEarlier(key: IndexKey, except?: string): Promise<void> {
    return this.#keep(() => this.index.refuseEarlier(key, except));
  }

  refusedAgo(key: IndexKey, id: string): Promise<number | undefined> {
    return this.#keep(() => this.index.refusedAgo(key, id), id);
  }

  lock(key: IndexKey, lock: LockRequest): Promise<boolean> {
    return this.#keep(() => this.index.lock(key, lock));
  }

  unlock(key: IndexKey, token: string): Promise<boolean> {
    return this.#keep(() => this.index.unlock(key, token));
  }

  all(): AsyncIterable<readonly string[]> {
    return this.#batches(this.index.all());
  }

  #keep<T>(run: () => Promise<T>, id?: string): Promise<T> {
    return this.observation.run({ operation: 'index', id }, run, () => done);
  }

  async *#batches(batches: AsyncIterable<readonly string[]>): AsyncIterable<readonly string[]> {
    const iterator = batches[Symbol.asyncIterator]();
    try {
      for (;;) {
        const batch = await this.observation.run(
          { operation: 'find' },
          () => iterator.next(),
          () => done,
        );
        if (batch.done) return;
        yield batch.value;
      }
    } finally {
      await iterator.return?.();
    }
  }
}
