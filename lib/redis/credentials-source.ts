import type { RedisCredentialsProvider } from '../options/redis-credentials.js';
import { Deadline } from './deadline.js';

/** Credentials as a connection uses them. */
export interface Credentials {
  readonly username: string | undefined;
  readonly password: string;
  /** Milliseconds since the epoch; Infinity if they never expire. */
  readonly expiresAt: number;
}

interface SourceLog {
  log(message: string): void;
  warn(message: string): void;
}

const FIRST_RETRY_AFTER_MS = 1000;
const LATEST_RETRY_AFTER_MS = 30_000;
// Credentials are renewed when a fifth of their life is left, at most this long before they expire.
const LONGEST_MARGIN_MS = 5 * 60_000;
const SHORTEST_WAIT_MS = 1000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Asks the application for credentials, with a deadline. After a failure it waits before it asks again, for longer and longer,
 * however many connections need a password.
 */
export class CredentialsSource {
  readonly #deadline: Deadline;
  #latest: Credentials | undefined;
  #asking: Promise<Credentials> | undefined;
  #failure: Error | undefined;
  #failures = 0;
  // Whether Redis refused what was returned: that the application returns something does not end this outage.
  #refused = false;
  // By the monotonic clock.
  #askAgainAt = 0;
  #renewAt = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(
    private readonly provider: RedisCredentialsProvider,
    timeoutInMilliseconds: number,
    private readonly logger: SourceLog,
    /** Gives open connections the new password. If it rejects, it is called again later. */
    private readonly renewed: (credentials: Credentials) => Promise<void>,
  ) {
    this.#deadline = new Deadline(timeoutInMilliseconds);
  }

  /** The credentials that were returned last. */
  get latest(): Credentials | undefined {
    return this.#latest;
  }

  /** Credentials for a connection that is being opened. @throws Error if there are none; it contains no secret */
  async next(): Promise<Credentials> {
    try {
      return await this.#fresh();
    } catch (error) {
      // A token for another connection may still be good.
      if (this.#latest !== undefined && this.#latest.expiresAt > Date.now()) return this.#latest;
      throw error;
    }
  }

  /** Redis refused them on a connection, which is opened again soon: too soon to ask each time. */
  refused(): void {
    const now = performance.now();
    // Attempts with the same credentials must not put off the next question.
    if (now < this.#askAgainAt) return;
    this.#failure ??= new Error('Redis refused what the option credentials returned');
    this.#askAgainAt = now + FIRST_RETRY_AFTER_MS;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  #fresh(): Promise<Credentials> {
    if (this.#failure !== undefined && performance.now() < this.#askAgainAt)
      return Promise.reject(this.#failure);
    return (this.#asking ??= this.#ask().finally(() => (this.#asking = undefined)));
  }

  async #ask(): Promise<Credentials> {
    try {
      const given: unknown = await this.#deadline.limit(Promise.resolve().then(this.provider));
      const credentials = credentialsIn(given);
      this.#latest = credentials;
      if (!this.#refused) this.#worked();
      this.#plan(untilRenewal(credentials));
      return credentials;
    } catch (error) {
      throw this.#failed(new Error(`the option credentials failed: ${messageOf(error)}`));
    }
  }

  readonly #renew = async (): Promise<void> => {
    this.#renewAt = Infinity;
    try {
      const credentials = await this.#fresh();
      if (this.#closed) return;
      await this.renewed(credentials).catch((error: unknown) => {
        this.#refused = true;
        throw this.#failed(new Error(`Redis refused what credentials returned: ${messageOf(error)}`));
      });
      this.#worked();
    } catch {
      this.#plan(this.#askAgainAt - performance.now());
    }
  };

  // Earlier plans stay: they are for connections that were opened with other credentials.
  #plan(milliseconds: number): void {
    const wait = Math.min(Math.max(milliseconds, SHORTEST_WAIT_MS), LONGEST_TIMER_MS);
    const at = performance.now() + wait;
    if (this.#closed || milliseconds === Infinity || at >= this.#renewAt) return;
    this.#renewAt = at;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#renew(), wait).unref();
  }

  #worked(): void {
    if (this.#failures > 0) this.logger.log('The option credentials works again.');
    this.#refused = false;
    this.#failures = 0;
    this.#failure = undefined;
  }

  // One line for each outage, not for each attempt.
  #failed(failure: Error): Error {
    const wait = Math.min(FIRST_RETRY_AFTER_MS * 2 ** this.#failures, LATEST_RETRY_AFTER_MS);
    this.#askAgainAt = performance.now() + wait;
    if (this.#failures++ === 0 && !this.#closed)
      this.logger.warn(`${sentence(failure.message)} It is tried again; open connections are kept.`);
    return (this.#failure = failure);
  }
}

function untilRenewal({ expiresAt }: Credentials): number {
  const life = expiresAt - Date.now();
  return life - Math.min(life / 5, LONGEST_MARGIN_MS);
}

/** @throws Error if these are no credentials, or have expired. It shows nothing of them. */
function credentialsIn(given: unknown): Credentials {
  const { username, password, expiresAt = Infinity } = (given ?? {}) as Record<string, unknown>;
  if (typeof password !== 'string' || password === '') throw new Error('it returned no password');
  if (username !== undefined && (typeof username !== 'string' || username === ''))
    throw new Error('the username that it returned is no text');
  const end = expiresAt instanceof Date ? expiresAt.getTime() : expiresAt;
  if (typeof end !== 'number' || Number.isNaN(end))
    throw new Error('expiresAt is neither a Date nor milliseconds since the epoch');
  if (end <= Date.now())
    throw new Error(`what it returned expired at ${new Date(Math.max(end, 0)).toISOString()}`);
  return { username, password, expiresAt: end };
}

function messageOf(error: unknown): string {
  const { message } = (error ?? {}) as { message?: unknown };
  return typeof message === 'string' && message !== '' ? message : 'no reason was given';
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.?$/, '.')}`;
}
