import type { inspect, InspectOptions } from 'node:util';

const unreadable = { [Symbol.for('nodejs.util.inspect.custom')]: () => '[unreadable]' };

/** What console.log shows of a session: its attributes. One that cannot be read must not make a log line throw. */
export function inspectSession(
  session: object,
  depth: number | null,
  options: InspectOptions,
  inspector: typeof inspect,
): string {
  if (depth !== null && depth < 0) return '[Session]';
  const shown: Record<string, unknown> = {};
  for (const name of namesOf(session)) {
    try {
      const value = Reflect.get(session, name) as unknown;
      if (value !== undefined) shown[name] = value;
    } catch {
      shown[name] = unreadable;
    }
  }
  return `Session ${inspector(shown, options)}`;
}

// Names are attributes too: a session that does not match the schema has none to show.
function namesOf(session: object): string[] {
  try {
    return Reflect.ownKeys(session) as string[];
  } catch {
    return [];
  }
}
