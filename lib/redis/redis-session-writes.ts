import type { Cluster, Redis } from 'ioredis';
import { newWriteId } from '../session/session-credential.js';
import type {
  DeviceChange,
  DeviceOutcome,
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
} from '../session/session-store.js';
import type { RedisCommands } from './redis-commands.js';
import type { SessionKeys } from './session-keys.js';
import { indexField } from './session-record.js';
import { sessionScripts } from './session-scripts.js';

/** Creates and saves sessions. The common write runs a short script, because Redis pays for each argument and call. */
export class RedisSessionWrites {
  readonly #receiptInMilliseconds: number;

  constructor(
    private readonly commands: RedisCommands,
    private readonly keys: SessionKeys,
  ) {
    this.#receiptInMilliseconds = receiptTime(commands);
  }

  async create(session: NewSessionRecord): Promise<number | undefined> {
    const attributes: string[] = [];
    for (const [name, text] of session.attributes) attributes.push(name, text);
    for (const [index, value] of session.indexed ?? []) attributes.push(indexField(index), value);
    if (session.schemaVersion !== undefined) attributes.push(':schema', String(session.schemaVersion));
    const created = await (this.#isPlainCreate(session) && attributes.length <= MOST_ARGUMENTS
      ? this.#createPlain(session, attributes)
      : this.#create(session, attributes));
    return created === 0 ? undefined : (created as number);
  }

  async save(id: string, changes: SessionChanges): Promise<SaveOutcome> {
    const set: string[] = [];
    const removed: string[] = [];
    for (const [name, text] of changes.attributes) {
      if (text === undefined) removed.push(name);
      else set.push(name, text);
    }
    for (const [index, value] of changes.indexed ?? []) {
      if (value === undefined) removed.push(indexField(index));
      else set.push(indexField(index), value);
    }
    if (changes.schemaVersion !== undefined) set.push(':schema', String(changes.schemaVersion));
    const onlySets = removed.length === 0 && set.length > 0 && set.length <= MOST_ARGUMENTS;
    const reply = await (onlySets && this.#isPlainSave(changes)
      ? this.#savePlain(id, changes, set)
      : this.#save(id, changes, set, removed));
    return outcomes[String(reply)]!;
  }

  async bindDevice(id: string, { secretHash, expected, device }: DeviceChange): Promise<DeviceOutcome> {
    const args = [secretHash, expected ?? '', device];
    const reply = await this.commands.run('bind', sessionScripts.bindDevice, [this.keys.data(id)], args);
    return deviceOutcomes[String(reply)]!;
  }

  #isPlainCreate(session: NewSessionRecord): boolean {
    return (
      this.#receiptInMilliseconds === 0 &&
      session.authenticated !== true &&
      session.idleTimeoutInMilliseconds === undefined &&
      session.absoluteTimeoutInMilliseconds === undefined
    );
  }

  #createPlain(session: NewSessionRecord, attributes: string[]): Promise<unknown> {
    const { id, secretHash, defaultIdleTimeoutInMilliseconds } = session;
    const args = [secretHash, defaultIdleTimeoutInMilliseconds, ...attributes];
    return this.commands.run('create', sessionScripts.createPlain, [this.keys.data(id)], args);
  }

  #create(session: NewSessionRecord, attributes: string[]): Promise<unknown> {
    const keys = [this.keys.data(session.id)];
    // A session is created once, so its secret identifies the write, also when it is retried.
    if (this.#receiptInMilliseconds > 0)
      keys.push(this.keys.receipt(session.id, session.secretHash.slice(0, RECEIPT_LENGTH)));
    return this.commands.run('create', sessionScripts.create, keys, [
      session.secretHash,
      session.defaultIdleTimeoutInMilliseconds,
      session.idleTimeoutInMilliseconds ?? '',
      session.absoluteTimeoutInMilliseconds ?? '',
      this.#receiptInMilliseconds,
      session.authenticated ? 1 : '',
      ...attributes,
    ]);
  }

  // A touch under an absolute timeout is left to the full script. Without a touch, the TTL stays as it is.
  #isPlainSave(changes: SessionChanges): boolean {
    return (
      this.#receiptInMilliseconds === 0 &&
      changes.lock === undefined &&
      changes.newSecretHash === undefined &&
      changes.authentication === undefined &&
      changes.idleTimeoutInMilliseconds === undefined &&
      (changes.touched === true || changes.absoluteTimeoutInMilliseconds === undefined)
    );
  }

  #savePlain(id: string, changes: SessionChanges, set: string[]): Promise<unknown> {
    const { secretHash, touched, defaultIdleTimeoutInMilliseconds } = changes;
    const args = [secretHash ?? '', touched ? '' : defaultIdleTimeoutInMilliseconds, ...set];
    return this.commands.run('save', sessionScripts.savePlain, [this.keys.data(id)], args);
  }

  #save(id: string, changes: SessionChanges, set: string[], removed: string[]): Promise<unknown> {
    const { lock, newSecretHash, previous } = changes;
    if (previous !== undefined) set.push(':previous', `${previous.secretHash}.${previous.readsUntil}`);
    const keys = [this.keys.data(id)];
    // A rotation needs no receipt: the stored secret shows whether it was written.
    const receipted = this.#receiptInMilliseconds > 0 && newSecretHash === undefined;
    if (lock !== undefined || receipted) keys.push(this.keys.writeLock(id));
    if (receipted) keys.push(this.keys.receipt(id, lock?.release ? lock.token : newWriteId()));
    return this.commands.run('save', sessionScripts.save, keys, [
      changes.defaultIdleTimeoutInMilliseconds,
      lock?.token ?? '',
      changes.secretHash ?? '',
      newSecretHash ?? '',
      this.#receiptInMilliseconds,
      lock?.release ? 1 : '',
      changes.idleTimeoutInMilliseconds ?? '',
      changes.absoluteTimeoutInMilliseconds ?? '',
      changes.authentication ?? '',
      set.length,
      ...set,
      ...removed,
    ]);
  }
}

// What one call in a script can take: Lua's stack is limited. The full scripts make several calls.
const MOST_ARGUMENTS = 4000;

const outcomes: Readonly<Record<string, SaveOutcome>> = {
  '1': 'saved',
  '0': 'gone',
  '-1': 'conflict',
  '-2': 'lock-lost',
};

const deviceOutcomes: Readonly<Record<string, DeviceOutcome>> = {
  '1': 'bound',
  '0': 'gone',
  '-1': 'conflict',
  '-2': 'taken',
};

// 128 bits are enough to tell writes apart.
const RECEIPT_LENGTH = 22;

// A proxy can deliver a copy of a write long after the client has given up.
const LATEST_COPY_AFTER_MS = 30_000;

// Without retries, writes need no receipt.
function receiptTime({ client, options }: RedisCommands): number {
  const { operationTimeoutInMilliseconds: timeout, retryTimeoutInMilliseconds: interval } = options;
  const ofNode = client.isCluster ? (client as Cluster).options.redisOptions : (client as Redis).options;
  if (interval === 0 && ofNode?.autoResendUnfulfilledCommands === false) return 0;
  return timeout + interval + LATEST_COPY_AFTER_MS;
}
