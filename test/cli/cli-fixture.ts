import { RedisSessionStore, type SessionRepository } from 'nestjs-redis-session';
import { runCommandLine } from '../../lib/cli/command-line.js';
import type { Terminal } from '../../lib/cli/terminal.js';
import { type RepositoryOptions, repositoryOf } from '../session/session-fixture.js';
import type { RedisServer } from '../support/redis-server.js';
import type { Cluster, Redis } from 'ioredis';

/** A terminal that remembers what it showed. */
export class RecordedTerminal implements Terminal {
  shown = '';
  noted = '';
  readonly questions: string[] = [];

  constructor(
    private readonly answer?: string,
    readonly isWatched = false,
  ) {}

  get canAsk(): boolean {
    return this.answer !== undefined;
  }

  write(text: string): void {
    this.shown += text;
  }

  note(text: string): void {
    this.noted += text;
  }

  async ask(question: string): Promise<string> {
    this.questions.push(question);
    return this.answer!;
  }
}

export interface Ran {
  readonly code: number;
  /** What it wrote to stdout. */
  readonly shown: string;
  /** What it wrote to stderr. */
  readonly noted: string;
}

/** Runs a command with these environment variables. */
export async function run(
  args: readonly string[],
  env: Record<string, string>,
  terminal = new RecordedTerminal(),
): Promise<Ran> {
  const code = await runCommandLine(args, terminal, env);
  return { code, shown: terminal.shown, noted: terminal.noted };
}

/** Runs a command with --json. @returns the exit code and what it printed */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test knows what the command prints
export async function runJson<T>(
  args: readonly string[],
  env: Record<string, string>,
): Promise<{ code: number; json: T }> {
  const { code, shown, noted } = await run([...args, '--json'], env);
  if (shown === '') throw new Error(`It ended with ${code}, and printed nothing: ${noted}`);
  return { code, json: JSON.parse(shown) as T };
}

export function environmentOf(server: RedisServer, applicationName: string): Record<string, string> {
  return { REDIS_SESSION_PORT: String(server.port), REDIS_SESSION_APPLICATION_NAME: applicationName };
}

/** The sessions of an application, as the application has them. */
export function sessionsIn(
  client: Redis | Cluster,
  applicationName: string,
  options: RepositoryOptions = {},
): SessionRepository {
  const timeouts = { operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 };
  return repositoryOf(new RedisSessionStore(client, { applicationName, ...timeouts }), options);
}
