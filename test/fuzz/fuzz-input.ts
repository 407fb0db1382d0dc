import type { Random } from '../soak/random.js';

/** What an input has shown. */
export interface Shown {
  /** The route whose handler was given a stored session. */
  readonly session?: string | undefined;
  /** Why the answer was a 5xx, where it was one. */
  readonly serverError?: string | undefined;
  /** What must never happen, by its name in the report. */
  readonly faults: readonly string[];
}

/** Something that a hostile or careless somebody sends or says. */
export interface FuzzInput {
  /** Enough to tell it again; printed escaped. */
  readonly text: string;
  readonly bytes: number;
  run(): Promise<Shown>;
}

/** Inputs of one kind. */
export interface FuzzKind {
  readonly name: string;
  /** The same randomness makes the same input. */
  next(random: Random): FuzzInput;
  /** Milliseconds of processor time that have gone into inputs of this kind and everything else there. */
  cpu(): Promise<number>;
}

/** Printable whatever it holds, and a literal of JavaScript; the middle of a long one is left out. */
export function escaped(text: string, longest = 1500): string {
  const literal = JSON.stringify(text).replace(
    // oxlint-disable-next-line no-control-regex -- that is what must be seen
    /[\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  if (literal.length <= longest) return literal;
  return `${literal.slice(0, longest)}… (${literal.length} characters; run it again with --kind and --only)`;
}
