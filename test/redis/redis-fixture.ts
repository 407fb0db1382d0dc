import {
  RedisSessionOptions,
  RedisSessionStore,
  type SessionStoreUnavailableError,
} from 'nestjs-redis-session';
import type { RedisClient } from '../../lib/redis/session-scripts.js';
import { RedisConnection } from '../../lib/redis/redis-connection.js';
import { newSessionId } from '../../lib/session/session-credential.js';
import { uniqueName } from '../support/unique-name.js';

/** A connection made from options, with its store and its log. */
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

  /** The key of a session's data. */
  readonly keyOf = (id: string): string => `{${this.#applicationName}_${id}}_Data`;

  get client(): RedisClient {
    return this.connection.client;
  }
}

// Resolved options are not copied, because their secrets are not enumerable.
const defaults = () => ({
  connectionTimeoutInMilliseconds: 1000,
  operationTimeoutInMilliseconds: 500,
  applicationName: uniqueName(),
});

/** Opens a connection, uses it, and always closes it. */
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

/** The error of an operation. @throws if it succeeded */
export async function failureOf(operation: Promise<unknown>): Promise<SessionStoreUnavailableError> {
  const outcome = await operation.then(
    (value) => ({ value }),
    (error: unknown) => error as SessionStoreUnavailableError,
  );
  if ('value' in outcome) throw new Error(`It did not fail: ${JSON.stringify(outcome.value)}`);
  return outcome;
}

/** The number of attempts according to an error. */
export function attemptsIn(error: Error): number {
  const [, attempts] = /\(tried (once|\d+ times)\)/.exec(error.message) ?? [];
  return attempts === 'once' ? 1 : Number.parseInt(attempts ?? '', 10);
}

/** Creates a session in the store. */
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
