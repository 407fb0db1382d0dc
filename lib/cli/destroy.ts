import { CommandFailure } from './command-failure.js';
import { type ExitCode, exitCode } from './exit-code.js';
import { count } from './figures.js';
import type { OpenedSessions } from './opened-sessions.js';
import { printable, printableJson } from './printable.js';
import { sessionIdIn } from './session-id-argument.js';
import type { Terminal } from './terminal.js';

export interface DestroyCommandOptions {
  readonly user?: string;
  readonly all?: boolean;
  readonly yes?: boolean;
  readonly json?: boolean;
}

/** Ends one session, those of a user, or all. */
export async function destroy(
  sessions: OpenedSessions,
  id: string | undefined,
  options: DestroyCommandOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { user, all, json = false } = options;
  if ([id, user, all].filter((one) => one !== undefined).length !== 1)
    throw new CommandFailure(
      'Say which sessions to end: an id, --user <user> or --all, and only one of them.',
    );
  const destroyed =
    id === undefined ? await several(sessions, options, terminal) : await single(sessions, id);
  if (destroyed === undefined) {
    terminal.note('No session was ended.\n');
    return exitCode.failed;
  }
  terminal.write(json ? printableJson({ destroyed }) : `${count(destroyed, 'session')} ended.\n`);
  return id !== undefined && destroyed === 0 ? exitCode.problem : exitCode.fine;
}

async function single(sessions: OpenedSessions, id: string): Promise<number> {
  return (await sessions.store.destroy(sessionIdIn(id))) === true ? 1 : 0;
}

/** @returns `undefined` if whoever was asked did not agree */
async function several(
  sessions: OpenedSessions,
  { user, yes = false }: DestroyCommandOptions,
  terminal: Terminal,
): Promise<number | undefined> {
  const whose = user === undefined ? 'every session' : `the sessions of user "${printable(user)}"`;
  if (!yes && !(await agreed(`End ${whose} of "${sessions.options.applicationName}"`, terminal)))
    return undefined;
  return user === undefined ? sessions.destroyAll() : sessions.repository.destroyByUser(user);
}

async function agreed(action: string, terminal: Terminal): Promise<boolean> {
  if (!terminal.canAsk) throw new CommandFailure(`${action}? Nobody can be asked here: add --yes.`);
  return /^\s*y(es)?\s*$/i.test(await terminal.ask(`${action}? [y/N] `));
}
