import { type ExitCode, exitCode } from './exit-code.js';
import { duration, size } from './figures.js';
import type { OpenedSessions } from './opened-sessions.js';
import { printableJson } from './printable.js';
import type { StoredSession } from './stored-session.js';
import { table } from './table.js';
import type { Terminal } from './terminal.js';

const LARGEST = 5;

const idleTimes = [
  ['under a minute', 60_000],
  ['under 10 minutes', 600_000],
  ['under an hour', 3_600_000],
  ['under a day', 86_400_000],
  ['a day or more', Infinity],
] as const;

/** Says how many sessions there are, how large they are and how long nobody has used them. */
export async function stats(
  sessions: OpenedSessions,
  { json = false }: { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const figures = new SessionFigures();
  for await (const session of sessions.all()) figures.add(session);
  const { applicationName } = sessions.options;
  terminal.write(
    json ? printableJson({ applicationName, ...figures.toJSON() }) : figures.page(applicationName),
  );
  return exitCode.fine;
}

/** Sums over sessions; keeps none of them but the largest. */
class SessionFigures {
  #sessions = 0;
  #withUser = 0;
  #encrypted = 0;
  #bytes = 0;
  #longestUnused: number | undefined;
  readonly #unused = new Map<string, number>(idleTimes.map(([name]) => [name, 0]));
  #largest: { readonly id: string; readonly bytes: number }[] = [];

  add({ id, bytes, user, unusedFor, attributes }: StoredSession): void {
    this.#sessions++;
    this.#bytes += bytes;
    if (user !== undefined) this.#withUser++;
    if (attributes.some(({ encrypted }) => encrypted)) this.#encrypted++;
    const name = unusedFor === undefined ? 'unknown' : idleTimes.find(([, limit]) => unusedFor < limit)![0];
    this.#unused.set(name, (this.#unused.get(name) ?? 0) + 1);
    if (unusedFor !== undefined) this.#longestUnused = Math.max(this.#longestUnused ?? 0, unusedFor);
    this.#largest = [...this.#largest, { id, bytes }]
      .toSorted((one, other) => other.bytes - one.bytes)
      .slice(0, LARGEST);
  }

  toJSON() {
    return {
      sessions: this.#sessions,
      withUser: this.#withUser,
      encrypted: this.#encrypted,
      bytes: { total: this.#bytes, mean: this.#meanBytes },
      unusedFor: { longest: this.#longestUnused, sessions: Object.fromEntries(this.#unused) },
      largest: this.#largest,
    };
  }

  page(applicationName: string): string {
    const summary = [
      [
        'sessions',
        `${this.#sessions} of "${applicationName}", ${this.#withUser} with a user, ${this.#encrypted} encrypted`,
      ],
      ['size', `${size(this.#bytes)}, ${size(this.#meanBytes)} each`],
      ['longest unused', duration(this.#longestUnused)],
    ].map(([name = '', fact]) => `${name.padEnd(16)}${fact}\n`);
    const unused = table(['UNUSED FOR', 'SESSIONS'], [...this.#unused]);
    const largest = this.#largest.map(({ id, bytes }) => [id, size(bytes)]);
    return `${summary.join('')}\n${unused}\n${table(['LARGEST', 'SIZE'], largest)}`;
  }

  get #meanBytes(): number {
    return this.#sessions === 0 ? 0 : Math.round(this.#bytes / this.#sessions);
  }
}
