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
  /** Called when an operation has failed, after its retries. */
  failed(operation: string, cause: unknown): void;
  /** Called when an operation works again. */
  works(operation: string): void;
  /** Called when operations were not answered in time. */
  unanswered(): void;
  /** Called when Redis refuses a subscription. */
  subscriptionRefused(refusal: unknown): void;
}

/** Sends the commands of an operation with a deadline, and retries them on the retry schedule. */
export class RedisCommands {
  readonly #deadline: Deadline;
  /** The operations that failed and have not worked since. */
  readonly #failing = new Set<string>();

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
      const reply = await this.#deadline.limit(command());
      if (this.#failing.size > 0) this.#works(operation);
      return reply;
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
      const reply = await retry(attempt, failure, startedAt, interval, (reason) =>
        isRetryable(this.#explain(reason)),
      );
      if (this.#failing.size > 0) this.#works(operation);
      return reply;
    } catch (last) {
      const cause = withoutArguments(this.#explain(last));
      this.#failing.add(operation);
      this.watch?.failed(operation, cause);
      throw new SessionStoreUnavailableError(operation, attempts, cause, outcomeUnknown);
    }
  }

  // What has not been tried since may work as well.
  #works(operation: string): void {
    if (!this.#failing.has(operation)) return;
    this.#failing.clear();
    this.watch?.works(operation);
  }

  #explain(failure: unknown): unknown {
    return this.watch === undefined ? failure : this.watch.explain(failure);
  }
}
