/** Something that must never happen, and the history of the session that it happened to. */
export interface Violation {
  readonly what: string;
  readonly history: readonly string[];
}

/** What a soak has counted. */
export class Figures {
  readonly violations: Violation[] = [];
  readonly #counts: Record<'operations' | 'answers' | 'faults', Map<string, number>> = {
    operations: new Map(),
    answers: new Map(),
    faults: new Map(),
  };
  #longest = { what: 'none', milliseconds: 0, bound: 0 };

  count(group: 'operations' | 'answers' | 'faults', name: string): void {
    const counts = this.#counts[group];
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  total(group: 'operations' | 'answers' | 'faults'): number {
    return [...this.#counts[group].values()].reduce((sum, count) => sum + count, 0);
  }

  kinds(group: 'operations' | 'answers' | 'faults'): number {
    return this.#counts[group].size;
  }

  /** Notes how long a request took, without the time for which its application was stopped. */
  took(what: string, milliseconds: number, bound: number): void {
    if (milliseconds > this.#longest.milliseconds) this.#longest = { what, milliseconds, bound };
  }

  violated(what: string, history: readonly string[]): void {
    this.violations.push({ what, history });
  }

  toString(): string {
    const { what, milliseconds, bound } = this.#longest;
    return [
      this.#table('operations', 'operations'),
      this.#table('answers', 'answers by status and error'),
      this.#table('faults', `faults, ${this.kinds('faults')} kinds`),
      `longest request: ${Math.round(milliseconds)} ms (${what}; its bound ${bound} ms)`,
      `violations: ${this.violations.length}`,
    ].join('\n\n');
  }

  #table(group: 'operations' | 'answers' | 'faults', title: string): string {
    const rows = [...this.#counts[group]].toSorted(([, a], [, b]) => b - a);
    const lines = rows.map(([name, count]) => `${String(count).padStart(8)}  ${name}`);
    return [`${title}: ${this.total(group)}`, ...lines].join('\n');
  }
}
