import type {
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
  SessionRecord,
  SessionStore,
} from '../session/session-store.js';
import { SessionStoreUnavailableError } from '../session/session.errors.js';
import { withDeadline } from './deadline.js';
import { isHealing, withoutArguments } from './redis-failure.js';
import { retry } from './retry.js';
import { SessionKeys } from './session-keys.js';
import { runScript, sessionScripts, type RedisClient, type SessionScript } from './session-scripts.js';

/** What the store takes of the application's options. */
export interface RedisSessionStoreOptions {
  readonly applicationName: string;
  readonly operationTimeoutInMilliseconds: number;
  readonly retryTimeoutInMilliseconds: number;
}

/** Sessions in Redis: one hash each. A read is one plain command, a write one script. */
export class RedisSessionStore implements SessionStore {
  readonly #keys: SessionKeys;

  constructor(
    private readonly client: RedisClient,
    private readonly options: RedisSessionStoreOptions,
  ) {
    this.#keys = new SessionKeys(options.applicationName);
  }

  async create(session: NewSessionRecord): Promise<number | undefined> {
    const created = await this.#run(
      'create',
      sessionScripts.create,
      [this.#keys.data(session.id)],
      [
        session.secretHash,
        session.defaultIdleTimeoutInMilliseconds,
        session.idleTimeoutInMilliseconds ?? '',
        session.absoluteTimeoutInMilliseconds ?? '',
        ...[...session.attributes].flat(),
      ],
    );
    return created === 0 ? undefined : (created as number);
  }

  async load(id: string): Promise<SessionRecord | undefined> {
    const key = this.#keys.data(id);
    return recordOf(id, await this.#send('load', () => this.client.hgetall(key)));
  }

  async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    const set: string[] = [];
    const removed: string[] = [];
    for (const [name, text] of changes.attributes) {
      if (text === undefined) removed.push(name);
      else set.push(name, text);
    }
    if (changes.idleTimeoutInMilliseconds !== undefined)
      set.push(':idle', String(changes.idleTimeoutInMilliseconds));
    const keys = [this.#keys.data(id)];
    if (changes.lockToken !== undefined) keys.push(this.#keys.writeLock(id));
    const reply = await this.#run('save', sessionScripts.save, keys, [
      changes.defaultIdleTimeoutInMilliseconds,
      changes.lockToken ?? '',
      changes.rotate?.from ?? '',
      changes.rotate?.to ?? '',
      set.length,
      ...set,
      ...removed,
    ]);
    return outcomes[String(reply)]!;
  }

  async touch(
    id: string,
    idleTimeoutInMilliseconds: number,
    expiresAt: number | undefined,
  ): Promise<boolean> {
    const key = this.#keys.data(id);
    const slid = await this.#send('touch', () => {
      const slide = this.client.pexpire(key, idleTimeoutInMilliseconds);
      if (expiresAt === undefined) return slide;
      // Sent together: the deadline caps what the slide has just set, by Redis's own clock.
      return Promise.all([slide, this.client.pexpireat(key, expiresAt, 'LT')]).then(([found]) => found);
    });
    return slid === 1;
  }

  async destroy(id: string): Promise<boolean> {
    const key = this.#keys.data(id);
    const lock = this.#keys.writeLock(id);
    return (await this.#send('destroy', () => this.client.del(key, lock))) > 0;
  }

  #run(
    operation: string,
    script: SessionScript,
    keys: string[],
    args: (string | number)[],
  ): Promise<unknown> {
    return this.#send(operation, () => runScript(this.client, script, keys, args));
  }

  /** Sends a command within the operation's deadline, and again as the retry schedule has it. */
  async #send<T>(operation: string, command: () => Promise<T>): Promise<T> {
    const { operationTimeoutInMilliseconds: timeout, retryTimeoutInMilliseconds: interval } = this.options;
    const startedAt = performance.now();
    let attempts = 0;
    const attempt = (): Promise<T> => {
      attempts++;
      return withDeadline(command(), timeout);
    };
    try {
      return await attempt().catch((failure: unknown) => {
        if (interval === 0) throw failure;
        return retry(attempt, failure, startedAt, interval, isHealing);
      });
    } catch (failure) {
      throw new SessionStoreUnavailableError(operation, attempts, withoutArguments(failure));
    }
  }
}

const outcomes: Readonly<Record<string, SaveOutcome>> = {
  '1': 'saved',
  '0': 'gone',
  '-1': 'conflict',
  '-2': 'lock-lost',
};

function recordOf(id: string, fields: Record<string, string>): SessionRecord | undefined {
  const attributes = new Map<string, string>();
  const metadata: Record<string, string> = {};
  for (const name of Object.keys(fields)) {
    if (name.startsWith(':')) metadata[name] = fields[name]!;
    else attributes.set(name, fields[name]!);
  }
  const secretHash = metadata[':secret'];
  if (secretHash === undefined) return undefined;
  return {
    id,
    secretHash,
    createdAt: Number(metadata[':created']),
    idleTimeoutInMilliseconds: optionalNumber(metadata[':idle']),
    expiresAt: optionalNumber(metadata[':expires']),
    attributes,
  };
}

function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
