import { InMemorySessionStore } from 'nestjs-redis-session';
import type { NewSessionRecord, SaveOutcome, SessionChanges, SessionRecord } from 'nestjs-redis-session';

type Verb = 'create' | 'load' | 'save' | 'touch' | 'destroy';

/** Keeps sessions in memory, records its calls, and fails if a test tells it to. */
export class RecordingStore extends InMemorySessionStore {
  calls: Verb[] = [];
  failing: Verb | undefined;
  failure = new Error('The store broke');

  override async create(session: NewSessionRecord): Promise<number | undefined> {
    this.#note('create');
    return super.create(session);
  }

  override async load(id: string): Promise<SessionRecord | undefined> {
    this.#note('load');
    return super.load(id);
  }

  override async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    this.#note('save');
    return super.save(id, changes);
  }

  override async touch(...args: Parameters<InMemorySessionStore['touch']>): Promise<boolean | 'conflict'> {
    this.#note('touch');
    return super.touch(...args);
  }

  override async destroy(
    ...args: Parameters<InMemorySessionStore['destroy']>
  ): Promise<boolean | 'conflict'> {
    this.#note('destroy');
    return super.destroy(...args);
  }

  /** The calls since the last time. */
  take(): Verb[] {
    return this.calls.splice(0);
  }

  #note(verb: Verb): void {
    this.calls.push(verb);
    if (this.failing === verb) throw this.failure;
  }
}
