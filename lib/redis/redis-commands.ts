import type { StoreConnection } from '../session/session-store.js';
import { SessionStoreUnavailableError } from '../session/session.errors.js';
import type { ClientCredentials } from './client-credentials.js';
import { Deadline } from './deadline.js';
import { isRetryable, isOutcomeUnknown, withoutArguments } from './redis-failure.js';
import { retry } from './retry.js';
import { runScript, type RedisClient, type SessionScript } from './session-scripts.js';

/** How long an operation can take, and how long it is retried. */
export interface RedisCommandsOptions {
  readonly operationTimeoutInMilliseconds: number;
  readonly retryTimeoutInMilliseconds: number;
}

/** Knows the state of the connection behind the client's errors. */
export interface ConnectionWatch {
  /** Where connections get their passwords from, if they are tokens. */
  readonly credentials?: ClientCredentials | undefined;
  readonly current: StoreConnection;
  /** Returns the cause of a failed command. */
  explain(failure: unknown): unknown;
  /** Called when operations were not answered in time. */
  unanswered(): void;
  /** Called when Redis refuses a subscription. */
  subscriptionRefused(refusal: unknown): void;
}

/** Sends the commands of an operation with a deadline, and retries them on the retry schedule. */
export class RedisCommands {
  readonly #deadline: Deadline;

  constructor(
    readonly client: RedisClient,
    readonly options: RedisCommandsOptions,
    readonly watch?: ConnectionWatch,
  ) {
    this.#deadline = new Deadline(options.operationTimeoutInMilliseconds, () => watch?.unanswered());
  }

  run(operation: string, script: SessionScript, keys: string[], args: (string | number)[]): Promise<unknown> {
    return this.send(operation, () => runScript(this.client, script, keys, args));
  }

  /** @throws SessionStoreUnavailableError with the cause of the last failure. */
  async send<T>(operation: string, command: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    try {
      return await this.#deadline.limit(command());
    } catch (failure) {
      return await this.#again(operation, command, failure, startedAt);
    }
  }

  async #again<T>(
    operation: string,
    command: () => Promise<T>,
    failure: unknown,
    startedAt: number,
  ): Promise<T> {
    const { retryTimeoutInMilliseconds: interval } = this.options;
    let attempts = 1;
    // One attempt without a reply is enough: a later refusal says nothing about that attempt.
    let outcomeUnknown = isOutcomeUnknown(failure);
    const attempt = (): Promise<T> => {
      attempts++;
      return this.#deadline.limit(command()).catch((error: unknown) => {
        outcomeUnknown ||= isOutcomeUnknown(error);
        throw error;
      });
    };
    try {
      if (interval === 0) throw failure;
      return await retry(attempt, failure, startedAt, interval, (reason) =>
        isRetryable(this.#explain(reason)),
      );
    } catch (last) {
      const cause = withoutArguments(this.#explain(last));
      throw new SessionStoreUnavailableError(operation, attempts, cause, outcomeUnknown);
    }
  }

  #explain(failure: unknown): unknown {
    return this.watch === undefined ? failure : this.watch.explain(failure);
  }
}
