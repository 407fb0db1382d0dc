import { AsyncLocalStorage } from 'node:async_hooks';
import { SessionError } from '../session/session.errors.js';
import type {
  ObservedOperation,
  ObservedResult,
  SessionObserver,
  SessionOutcome,
} from '../session/session-observer.js';
import { OperationCost, type RunningOperation } from './operation-cost.js';

/** What observers are told of an operation when it begins, besides what is the same for all. */
export type BegunOperation = Pick<ObservedOperation, 'operation'> &
  Partial<Pick<ObservedOperation, 'reason' | 'background'>> & { readonly id?: string };

/** How an operation ended that returned a value. */
export interface OperationEnd {
  readonly outcome: SessionOutcome;
  readonly bytes?: number;
}

type End = (result: ObservedResult) => void;

// Enough to follow a session through a log, too few to look it up.
const SHOWN_OF_ID = 8;

/** Tells the observers of the operations on a store. */
export class Observation implements RunningOperation {
  readonly #costs = new AsyncLocalStorage<OperationCost>();
  readonly #faulty = new WeakSet<SessionObserver>();

  constructor(
    private readonly observers: readonly SessionObserver[],
    private readonly source: Pick<ObservedOperation, 'applicationName' | 'store'>,
    private readonly warn: (message: string) => void,
    private readonly ended?: (begun: BegunOperation, outcome: SessionOutcome) => void,
  ) {}

  get cost(): OperationCost | undefined {
    return this.#costs.getStore();
  }

  /**
   * Runs an operation and tells the observers of it.
   * @param endOf says how the operation ended, by what it has returned
   */
  async run<T>(
    begun: BegunOperation,
    run: () => Promise<T>,
    endOf: (value: T) => OperationEnd,
    endOfError: (error: unknown) => OperationEnd | undefined = () => undefined,
  ): Promise<T> {
    const cost = new OperationCost();
    const ends = this.#begin(begun);
    const startedAt = performance.now();
    const end = (how: OperationEnd, error?: unknown): void => {
      const result: ObservedResult = {
        outcome: how.outcome,
        errorCode: how.outcome === 'error' ? codeOf(error) : undefined,
        milliseconds: performance.now() - startedAt,
        attempts: 1 + cost.retries,
        bytes: how.bytes ?? 0,
        commands: cost.commands,
        roundTrips: cost.roundTrips,
      };
      for (const [observer, ended] of ends) this.#safely(observer, () => ended(result));
    };
    let value: T;
    try {
      value = await this.#costs.run(cost, run);
    } catch (error) {
      end(endOfError(error) ?? { outcome: 'error' }, error);
      throw error;
    }
    const how = endOf(value);
    end(how);
    this.ended?.(begun, how.outcome);
    return value;
  }

  #begin({ operation, id, reason, background = false }: BegunOperation): [SessionObserver, End][] {
    const session = id?.slice(0, SHOWN_OF_ID);
    const begun: ObservedOperation = { operation, ...this.source, session, reason, background };
    const ends: [SessionObserver, End][] = [];
    for (const observer of this.observers) {
      const end = this.#safely(observer, () => observer.begin(begun));
      if (typeof end === 'function') ends.push([observer, end]);
    }
    return ends;
  }

  // An observer must not harm a request, and nobody waits for one that is asynchronous.
  #safely<T>(observer: SessionObserver, call: () => T): T | undefined {
    try {
      const returned = call();
      if (returned instanceof Promise) returned.catch((error: unknown) => this.#report(observer, error));
      return returned;
    } catch (error) {
      this.#report(observer, error);
      return undefined;
    }
  }

  #report(observer: SessionObserver, error: unknown): void {
    if (this.#faulty.has(observer)) return;
    this.#faulty.add(observer);
    this.warn(
      `The session observer ${observer.constructor?.name ?? 'without a name'} threw; requests go on, and further errors of it are not logged: ${String(error)}`,
    );
  }
}

function codeOf(error: unknown): string {
  if (error instanceof SessionError) return error.code;
  const { name } = (error ?? {}) as { name?: unknown };
  return typeof name === 'string' ? name : 'Error';
}
