import { hostOf } from './allowed-origins.js';
import type { RequestHeaders } from './session-answer.js';

// Clients must not be able to flood the log.
const MOST_WARNINGS = 10;
const LONGEST_HEADER = 200;

/** Warns of origins whose requests are refused, once of each: the pages may be the application's own. */
export class RefusedOrigins {
  readonly #warnedOf = new Set<string>();

  constructor(private readonly warn: (origin: string, host: string) => void) {}

  add(headers: RequestHeaders): void {
    const origin = printable(headers['origin']);
    if (this.#warnedOf.size >= MOST_WARNINGS || this.#warnedOf.has(origin)) return;
    this.#warnedOf.add(origin);
    this.warn(origin, printable(hostOf(headers)));
  }
}

function printable(header: string | string[] | undefined): string {
  return JSON.stringify(
    String(header)
      .slice(0, LONGEST_HEADER)
      .replaceAll(/[^ -~]/g, '?'),
  );
}
