import { escaped } from './fuzz-input.js';

interface Finding {
  readonly kind: string;
  readonly number: number;
  readonly fault: string;
  readonly text: string;
}

/** Of each fault and kind of input so many are shown. */
const SHOWN = 3;

/** What must never happen. Others, such as an unexpected 5xx, are counted where they do. */
const NEVER = [
  'crash',
  'hang',
  'more than linear time',
  "a registration's session on another's route",
  'foreign data',
  'forged credential accepted',
] as const;

/** What a fuzz run has counted. */
export class FuzzReport {
  readonly #inputs = new Map<string, number>();
  readonly #sessions = new Map<string, number>();
  readonly #serverErrors = new Map<string, number>();
  readonly #faults = new Map<string, number>(NEVER.map((fault) => [fault, 0]));
  readonly #findings: Finding[] = [];

  get failed(): boolean {
    return [...this.#faults.values()].some((count) => count > 0);
  }

  input(kind: string): void {
    add(this.#inputs, kind);
  }

  /** A handler of this route had a stored session: what must not be seen could have been. */
  session(kind: string, route: string): void {
    add(this.#sessions, `${kind}: ${route}`);
  }

  serverError(kind: string, cause: string): void {
    add(this.#serverErrors, `${kind}: ${cause}`);
  }

  fault(finding: Finding): void {
    const { kind, fault } = finding;
    add(this.#faults, fault);
    const shown = this.#findings.filter((other) => other.kind === kind && other.fault === fault);
    if (shown.length < SHOWN) this.#findings.push(finding);
  }

  toString(seed: number): string {
    const findings = this.#findings.map(({ kind, number, fault, text }) =>
      [
        `FAULT: ${fault}`,
        `again: npm run fuzz -- --seed ${seed} --kind ${kind} --only ${number}`,
        `input: ${escaped(text)}`,
      ].join('\n  '),
    );
    return [
      ...findings,
      table('inputs', this.#inputs),
      table('handlers with a stored session', this.#sessions),
      table('answers of 5xx', this.#serverErrors),
      table('faults', this.#faults),
      `seed ${seed}`,
    ].join('\n\n');
  }
}

function add(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function table(title: string, counts: ReadonlyMap<string, number>): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  return [
    `${title}: ${total}`,
    ...[...counts].map(([name, count]) => `${String(count).padStart(8)}  ${name}`),
  ].join('\n');
}
