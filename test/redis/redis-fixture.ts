import {
  RedisSessionOptions,
  RedisSessionStore,
  type SessionStoreUnavailableError,
} from 'nestjs-redis-session';
import type { RedisClient } from '../../lib/redis/session-scripts.js';
import { RedisConnection } from '../../lib/redis/redis-connection.js';
import { newSessionId } from '../../lib/session/session-credential.js';
import { uniqueName } from '../support/unique-name.js';

/** A connection made of options, with the store behind it, and what it has logged. */
export class Connected {
  readonly log: string[] = [];
  readonly connection: RedisConnection;
  readonly store: RedisSessionStore;
  readonly #applicationName: string;

  constructor(given: Partial<RedisSessionOptions>) {
    const options =
      given instanceof RedisSessionOptions
        ? given
        : Object.assign(new RedisSessionOptions(), defaults(), given);
    this.#applicationName = options.applicationName;
    this.connection = new RedisConnection(options, {
      log: (message) => this.log.push(message),
      warn: (message) => this.log.push(`warning: ${message}`),
    });
    this.store = new RedisSessionStore(this.connection.client, options, this.connection);
  }

  /** Where the data of a session stands. */
  readonly keyOf = (id: string): string => `{${this.#applicationName}_${id}}_Data`;

  get client(): RedisClient {
    return this.connection.client;
  }
}

// Resolved options are taken as they are: nothing enumerates the secrets in them.
const defaults = () => ({
  connectionTimeoutInMilliseconds: 1000,
  operationTimeoutInMilliseconds: 500,
  applicationName: uniqueName(),
});

/** Opens a connection, does something with it, and closes it whatever happened. */
export async function withConnection<T>(
  options: Partial<RedisSessionOptions>,
  action: (connected: Connected) => Promise<T>,
): Promise<T> {
  const connected = new Connected(options);
  try {
    await connected.connection.open();
    return await action(connected);
  } finally {
    connected.store.close();
    await connected.connection.close();
  }
}

/** Why an operation failed. @throws where it did not */
export async function failureOf(operation: Promise<unknown>): Promise<SessionStoreUnavailableError> {
  const outcome = await operation.then(
    (value) => ({ value }),
    (error: unknown) => error as SessionStoreUnavailableError,
  );
  if ('value' in outcome) throw new Error(`It did not fail: ${JSON.stringify(outcome.value)}`);
  return outcome;
}

/** Attempts that an operation made, as its error tells. */
export function attemptsIn(error: Error): number {
  const [, attempts] = /\(tried (once|\d+ times)\)/.exec(error.message) ?? [];
  return attempts === 'once' ? 1 : Number.parseInt(attempts ?? '', 10);
}

/** Answers a session that the store has created. */
export async function createdIn(
  store: RedisSessionStore,
  attributes: Record<string, string> = { a: '1' },
  id = newSessionId(),
) {
  const session = {
    id,
    secretHash: 'hash',
    defaultIdleTimeoutInMilliseconds: 600_000,
    attributes: new Map(Object.entries(attributes)),
  };
  await store.create(session);
  return session;
}

export const noChanges = { attributes: new Map<string, string>(), defaultIdleTimeoutInMilliseconds: 600_000 };
