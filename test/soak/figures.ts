import { type Evidence, Violations } from './violations.js';

type Group = 'operations' | 'answers' | 'faults';

/** What a soak has counted. */
export class Figures {
  readonly violations = new Violations();
  readonly #counts: Record<Group, Map<string, number>> = {
    operations: new Map(),
    answers: new Map(),
    faults: new Map(),
  };
  #longest = { what: 'none', milliseconds: 0, bound: 0 };

  count(group: Group, name: string): void {
    const counts = this.#counts[group];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** A fault has been there from this time until now. */
  fault(name: string, from: number = performance.now()): void {
    this.count('faults', name);
    this.violations.fault(name, from);
  }

  /** Notes how long a request took, without the time for which its application was stopped. */
  took(what: string, milliseconds: number, bound: number): void {
    if (milliseconds > this.#longest.milliseconds) this.#longest = { what, milliseconds, bound };
  }

  violated(what: string, history: readonly string[], evidence?: Evidence): void {
    this.violations.add(what, history, evidence);
  }

  toString(): string {
    const { what, milliseconds, bound } = this.#longest;
    const { operations, answers, faults } = this.#counts;
    return [
      table(operations, 'operations'),
      table(answers, 'answers by status and error'),
      table(faults, `faults, ${faults.size} kinds`),
      `longest request: ${Math.round(milliseconds)} ms (${what}; its bound ${bound} ms)`,
      table(this.violations.kinds, 'violations'),
    ].join('\n\n');
  }
}

function table(counts: ReadonlyMap<string, number>, title: string): string {
  const rows = [...counts].toSorted(([, a], [, b]) => b - a);
  const total = rows.reduce((sum, [, count]) => sum + count, 0);
  const lines = rows.map(([name, count]) => `${String(count).padStart(8)}  ${name}`);
  return [`${title}: ${total}`, ...lines].join('\n');
}
