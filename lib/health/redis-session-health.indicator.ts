import { Inject, Injectable, Optional } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { type HealthIndicatorResult, HealthIndicatorService } from '@nestjs/terminus';
import { getSessionRepositoryToken, SessionError, SessionRepository, SessionUsageError } from '../shared.js';
import { SessionRoundTrips } from './session-round-trips.js';

/** How a health check asks. */
export interface RedisSessionHealthOptions {
  /** Reports `down` if the store has not answered by then. Milliseconds. @default 1000 */
  readonly timeoutInMilliseconds?: number;
  /**
   * Reports `degraded` if the store took longer to answer. @nestjs/terminus 11 has no such status: there, and in 12 as well,
   * the result has `slow: true`. Milliseconds.
   * @default none
   */
  readonly degradedAboveInMilliseconds?: number;
  /** The `name` of the registration to check. @default the one without a name */
  readonly registration?: string;
}

const TIMEOUT_MS = 1000;
// Node's timers end at once if they are told to wait longer.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * A health indicator for @nestjs/terminus 11 and 12: asks the store of sessions for an answer. Provide it in a module that
 * imports TerminusModule.
 *
 * The result holds the duration of the round trip, the state of the connection and the last error; no secret.
 */
@Injectable()
export class RedisSessionHealthIndicator {
  readonly #roundTrips = new SessionRoundTrips();

  constructor(
    private readonly indicators: HealthIndicatorService,
    private readonly modules: ModuleRef,
    @Optional() @Inject(SessionRepository) private readonly unnamed?: SessionRepository,
  ) {}

  /**
   * @param key the name of the check in the answer
   * @throws SessionUsageError if there is no registration of this name, or if the timeout is no number of milliseconds
   * @example health.check([() => sessions.isHealthy('sessions', { timeoutInMilliseconds: 500 })])
   */
  async isHealthy<const Key extends string>(
    key: Key,
    options: RedisSessionHealthOptions = {},
  ): Promise<HealthIndicatorResult<Key>> {
    const { timeoutInMilliseconds = TIMEOUT_MS, degradedAboveInMilliseconds = Infinity } = options;
    assertTimeout(timeoutInMilliseconds);
    const sessions = this.#sessionsOf(options.registration);
    const indicator = this.indicators.check(key);
    try {
      const milliseconds = await this.#roundTrips.measure(sessions, timeoutInMilliseconds);
      const roundTripInMilliseconds = Math.round(milliseconds * 100) / 100;
      const known = { roundTripInMilliseconds, ...stateOf(sessions) };
      if (milliseconds <= degradedAboveInMilliseconds) return indicator.up(known);
      const slow = { ...known, slow: true };
      // Not in @nestjs/terminus 11.
      return typeof indicator.degraded === 'function' ? indicator.degraded(slow) : indicator.up(slow);
    } catch (error) {
      return indicator.down({ message: messageOf(error), ...stateOf(sessions) });
    }
  }

  #sessionsOf(registration: string | undefined): SessionRepository {
    const sessions = registration === undefined ? this.unnamed : this.#named(registration);
    if (sessions !== undefined) return sessions;
    throw new SessionUsageError(
      registration === undefined
        ? 'The health indicator finds no sessions to check. Import RedisSessionModule.forRoot() without a name, or set the option registration of isHealthy().'
        : `The health indicator finds no registration named "${registration}". Set the option registration of isHealthy() to the name of one.`,
    );
  }

  // Other registrations provide SessionRepository for themselves, so only a name can be looked up in all modules.
  #named(registration: string): SessionRepository | undefined {
    try {
      return this.modules.get<SessionRepository>(getSessionRepositoryToken(registration), { strict: false });
    } catch {
      return undefined;
    }
  }
}

function assertTimeout(milliseconds: number): void {
  if (milliseconds > 0 && milliseconds <= LONGEST_TIMEOUT_MS) return;
  throw new SessionUsageError(
    `timeoutInMilliseconds of isHealthy() is ${String(milliseconds)}; expected a number above 0 and up to ${LONGEST_TIMEOUT_MS}.`,
  );
}

function stateOf(sessions: SessionRepository): Record<string, unknown> {
  const { connection, lastException, lastExceptionAt } = sessions;
  const lost = connection?.lastErrorAt;
  const state = connection && { connection: connection.state };
  if (lost !== undefined && (lastExceptionAt === undefined || lost >= lastExceptionAt))
    return { ...state, lastError: connection?.lastError, lastErrorAt: lost.toISOString() };
  if (lastExceptionAt === undefined) return { ...state };
  return { ...state, lastError: messageOf(lastException), lastErrorAt: lastExceptionAt.toISOString() };
}

// Errors of this package show no secret. Those of another store could.
function messageOf(error: unknown): string {
  return error instanceof SessionError ? error.message : 'The session store failed.';
}
