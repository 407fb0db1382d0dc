import { type ExitCode, exitCode } from './exit-code.js';
import { duration, moment, size } from './figures.js';
import type { OpenedSessions } from './opened-sessions.js';
import { printable, printableJson } from './printable.js';
import { sessionIdIn } from './session-id-argument.js';
import type { StoredAttribute, StoredSession } from './stored-session.js';
import { table } from './table.js';
import type { Terminal } from './terminal.js';

export interface ShowOptions {
  readonly values?: boolean;
  readonly json?: boolean;
}

/** Shows one session: its times, and the names and sizes of its attributes. */
export async function show(
  sessions: OpenedSessions,
  given: string,
  { values = false, json = false }: ShowOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const id = sessionIdIn(given);
  const session = await sessions.find(id);
  if (session === undefined) {
    terminal.note(
      `"${sessions.options.applicationName}" has no session ${id}: it has ended, or never existed.\n`,
    );
    return exitCode.problem;
  }
  terminal.write(json ? printableJson(entry(session, values)) : page(session, values));
  return exitCode.fine;
}

function page(session: StoredSession, values: boolean): string {
  const { id, createdAt, unusedFor, endsIn, user, bytes, attributes } = session;
  const facts = [
    ['session', id],
    ['created', moment(createdAt)],
    ['unused for', duration(unusedFor)],
    ['ends in', duration(endsIn)],
    ['size', size(bytes)],
    ...(values && user !== undefined ? [['user', user]] : []),
  ].map(([name = '', fact = '']) => `${name.padEnd(12)}${printable(fact)}\n`);
  const rows = attributes.map((one) => [one.name, one.bytes, ...(values ? [valueOf(one)] : [])]);
  return `${facts.join('')}\n${table(['ATTRIBUTE', 'BYTES', ...(values ? ['VALUE'] : [])], rows)}`;
}

function valueOf({ encrypted, text }: StoredAttribute): string {
  return encrypted ? '(encrypted)' : text;
}

function entry({ attributes, user, ...session }: StoredSession, values: boolean): object {
  return {
    ...session,
    ...(values ? { user } : {}),
    attributes: attributes.map(({ name, bytes, encrypted, text }) => ({
      name,
      bytes,
      encrypted,
      ...(values && !encrypted ? { text } : {}),
    })),
  };
}
