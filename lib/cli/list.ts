import { type ExitCode, exitCode } from './exit-code.js';
import { count, duration, moment, size } from './figures.js';
import type { OpenedSessions } from './opened-sessions.js';
import { printableJson } from './printable.js';
import type { StoredSession } from './stored-session.js';
import { table } from './table.js';
import type { Terminal } from './terminal.js';

export interface ListOptions {
  readonly limit: number;
  readonly user?: string;
  readonly values?: boolean;
  readonly json?: boolean;
}

/** Lists sessions, in no order. */
export async function list(
  sessions: OpenedSessions,
  { limit, user, values = false, json = false }: ListOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const found: StoredSession[] = [];
  let more = false;
  for await (const session of sessions.all(user)) {
    more = found.length === limit;
    if (more) break;
    found.push(session);
  }
  if (json) terminal.write(printableJson(found.map((session) => entry(session, values))));
  else
    terminal.write(
      table(
        header(values),
        found.map((session) => row(session, values)),
      ),
    );
  if (more) terminal.note(`Only the first ${count(limit, 'session')}. --limit shows more.\n`);
  else if (!json)
    terminal.note(`${count(found.length, 'session')} of "${sessions.options.applicationName}"\n`);
  return exitCode.fine;
}

function header(values: boolean): string[] {
  return ['ID', 'CREATED', 'UNUSED FOR', 'ENDS IN', 'ATTRIBUTES', 'SIZE', ...(values ? ['USER'] : [])];
}

function row(session: StoredSession, values: boolean): (string | number)[] {
  const { id, createdAt, unusedFor, endsIn, attributes, bytes, user } = session;
  const cells = [
    id,
    moment(createdAt),
    duration(unusedFor),
    duration(endsIn),
    attributes.length,
    size(bytes),
  ];
  return values ? [...cells, user ?? ''] : cells;
}

function entry({ attributes, user, ...session }: StoredSession, values: boolean): object {
  return { ...session, attributes: attributes.length, ...(values ? { user } : {}) };
}
