import { Command, CommanderError, InvalidArgumentError } from 'commander';
import type { Environment } from '../options/options-from-env.js';
import type { RedisSessionOptions } from '../options/redis-session.options.js';
import { resolveOptions } from '../options/resolve-options.js';
import { isSessionId } from '../session/session-credential.js';
import { SessionError, SessionOptionsError } from '../session/session.errors.js';
import { CommandFailure } from './command-failure.js';
import { destroy, type DestroyCommandOptions } from './destroy.js';
import { doctor } from './doctor/doctor.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { list, type ListOptions } from './list.js';
import { OpenedSessions } from './opened-sessions.js';
import { printable } from './printable.js';
import { show, type ShowOptions } from './show.js';
import { stats } from './stats.js';
import type { Terminal } from './terminal.js';

/** The flags of every command. */
interface CommonFlags {
  readonly url?: string;
  readonly applicationName?: string;
  readonly json?: boolean;
}

const EPILOGUE = `
Options come from the variables REDIS_SESSION_… and REDIS_URL, as in the application.
A password in --url can be seen by other users of this machine; in a variable it cannot.

Exit codes: 0 fine, 1 a problem was found or there is no such session, 2 wrong usage, or Redis is not reachable.`;

/**
 * Runs `nestjs-redis-session <args>`.
 * @returns the exit code. Never rejects
 */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
  env: Environment = process.env,
): Promise<ExitCode> {
  let code: ExitCode = exitCode.fine;
  const program = commandLine(terminal, async (flags, action) => {
    code = await action(optionsFrom(flags, env));
  });
  try {
    await program.parseAsync(withIdsLast(args), { from: 'user' });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.fine : exitCode.failed;
    terminal.note(`error: ${lines(messageOf(error))}\n`);
    return exitCode.failed;
  }
}

type Run = (flags: CommonFlags, action: (options: RedisSessionOptions) => Promise<ExitCode>) => Promise<void>;

function commandLine(terminal: Terminal, run: Run): Command {
  const program = new Command('nestjs-redis-session')
    .description('Sees and ends the sessions of an application, and finds out what is wrong with its Redis.')
    .addHelpText('after', EPILOGUE)
    .configureOutput({
      writeOut: (text) => terminal.write(text),
      writeErr: (text) => terminal.note(text),
      outputError: (text, write) => write(lines(withoutSecrets(text))),
    })
    .exitOverride();
  const command = (usage: string, description: string): Command =>
    program
      .command(usage)
      .description(description)
      .option('--url <url>', 'where Redis is, in place of the variables that say so')
      .option('--application-name <name>', 'whose sessions, in place of REDIS_SESSION_APPLICATION_NAME')
      .option('--json', 'print JSON');
  const use = (flags: CommonFlags, action: (sessions: OpenedSessions) => Promise<ExitCode>): Promise<void> =>
    run(flags, (options) => OpenedSessions.use(options, terminal, action));

  command('list', 'list sessions')
    .option('--user <user>', 'only the sessions of this user')
    .option('--limit <number>', 'stop after so many sessions', wholeNumber, 1000)
    .option('--values', 'show the user of each session, too')
    .action((flags: CommonFlags & ListOptions) => use(flags, (sessions) => list(sessions, flags, terminal)));
  command('show <id>', 'show one session: names and sizes of its attributes')
    .option('--values', 'show the values, too')
    .action((id: string, flags: CommonFlags & ShowOptions) =>
      use(flags, (sessions) => show(sessions, id, flags, terminal)),
    );
  command('destroy [id]', 'end one session, those of a user, or all')
    .option('--user <user>', 'the sessions of this user')
    .option('--all', 'every session of the application')
    .option('--yes', 'do not ask')
    .action((id: string | undefined, flags: CommonFlags & DestroyCommandOptions) =>
      use(flags, (sessions) => destroy(sessions, id, flags, terminal)),
    );
  command('stats', 'say how many sessions there are, how large, and how long unused').action(
    (flags: CommonFlags) => use(flags, (sessions) => stats(sessions, flags, terminal)),
  );
  command('doctor', 'find out what is wrong with the Redis of the sessions').action((flags: CommonFlags) =>
    run(flags, (options) => doctor(options, flags, terminal)),
  );
  return program;
}

function optionsFrom({ url, applicationName }: CommonFlags, env: Environment): RedisSessionOptions {
  const options = resolveOptions({ connectionString: url, applicationName, failFast: false }, env);
  if (options.store === 'redis') return options;
  throw new CommandFailure(
    'REDIS_SESSION_STORE is "memory": these sessions are in the process of the application.',
  );
}

// One id in 64 begins with "-", which would be taken for a flag.
function withIdsLast(args: readonly string[]): string[] {
  const isId = (arg: string, place: number): boolean =>
    arg.startsWith('-') && isSessionId(arg) && !/^--(user|url|application-name)$/.test(args[place - 1] ?? '');
  const ids = args.filter(isId);
  return ids.length === 0 ? [...args] : [...args.filter((arg, place) => !isId(arg, place)), '--', ...ids];
}

function wholeNumber(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number from 1.');
  return Number(text);
}

function messageOf(error: unknown): string {
  if (error instanceof SessionOptionsError)
    return `these options cannot be used:\n- ${error.faults.join('\n- ')}`;
  // oxlint-disable-next-line typescript/no-base-to-string -- an error of a client is not always an Error
  if (!(error instanceof SessionError || error instanceof CommandFailure)) return String(error);
  return error.message;
}

// A misspelt flag is quoted with its value, and an argument too many as it is.
function withoutSecrets(text: string): string {
  return text.replaceAll(/(--?[\w-]+)=[^\s']+/g, '$1=…').replaceAll(/\/\/[^\s@']*@/g, '//…@');
}

function lines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}
