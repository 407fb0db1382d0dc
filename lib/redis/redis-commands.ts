import { SessionStoreUnavailableError } from '../session/session.errors.js';
import { withDeadline } from './deadline.js';
import { isHealing, withoutArguments } from './redis-failure.js';
import { retry } from './retry.js';
import { runScript, type RedisClient, type SessionScript } from './session-scripts.js';

/** How long an operation may take, and how long it is tried again. */
export interface RedisCommandsOptions {
  readonly operationTimeoutInMilliseconds: number;
  readonly retryTimeoutInMilliseconds: number;
}

/** Sends the commands of an operation within its deadline, and again as the retry schedule has it. */
export class RedisCommands {
  constructor(
    readonly client: RedisClient,
    private readonly options: RedisCommandsOptions,
    private readonly explain: (failure: unknown) => unknown = (failure) => failure,
  ) {}

  run(operation: string, script: SessionScript, keys: string[], args: (string | number)[]): Promise<unknown> {
    return this.send(operation, () => runScript(this.client, script, keys, args));
  }

  /** @throws SessionStoreUnavailableError with the failure of the last attempt. */
  async send<T>(operation: string, command: () => Promise<T>): Promise<T> {
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
        return retry(attempt, failure, startedAt, interval, (reason) => isHealing(this.explain(reason)));
      });
    } catch (failure) {
      throw new SessionStoreUnavailableError(operation, attempts, withoutArguments(this.explain(failure)));
    }
  }
}
