/** What stands beside a violation, as far as it is known. */
export interface Evidence {
  /** Violations of one kind are counted together. @default what is said of it */
  readonly kind?: string;
  /** The id of the session; its first characters are shown. */
  readonly id?: string;
  readonly acknowledged?: string;
  readonly seen?: string;
}

/** Something that must never happen, and the history of the session that it happened to. */
export interface Violation extends Evidence {
  readonly what: string;
  readonly kind: string;
  readonly at: number;
  /** The request that showed it. */
  readonly operation: string;
  readonly history: readonly string[];
}

interface FaultSpan {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

const SHOWN_LINES = 40;
/** A packet may come as late as that. */
const AROUND_MILLISECONDS = 5000;

/** The violations of a soak, and the faults that stood around them. */
export class Violations {
  readonly all: Violation[] = [];
  readonly #faults: FaultSpan[] = [];

  get count(): number {
    return this.all.length;
  }

  add(what: string, history: readonly string[], evidence: Evidence = {}): void {
    const { kind = what } = evidence;
    // The history goes on; what is shown ends here.
    const lines = history.slice(-SHOWN_LINES);
    const operation = lines.at(-1) ?? 'none';
    this.all.push({ ...evidence, what, kind, at: performance.now(), operation, history: lines });
  }

  fault(name: string, from: number): void {
    this.#faults.push({ name, from, to: performance.now() });
  }

  get kinds(): Map<string, number> {
    const kinds = new Map<string, number>();
    for (const { kind } of this.all) kinds.set(kind, (kinds.get(kind) ?? 0) + 1);
    return kinds;
  }

  firstOfEachKind(count: number): Violation[] {
    return [...this.kinds.keys()].flatMap((kind) =>
      this.all.filter((violation) => violation.kind === kind).slice(0, count),
    );
  }

  /** Everything that is known of one, as text. */
  tell({ what, id, operation, acknowledged, seen, at, history }: Violation): string {
    const around = this.#faults.filter(({ from, to }) => from <= at && to >= at - AROUND_MILLISECONDS);
    const lines = [
      `session: ${id === undefined ? 'none' : `${id.slice(0, 6)}…`}`,
      `operation: ${operation}`,
      `acknowledged: ${acknowledged ?? 'see the history'}`,
      `seen: ${seen ?? what}`,
      `faults around it (now is ${at.toFixed(0)}):`,
      ...around.map(({ name, from, to }) => `  ${from.toFixed(0)}–${to.toFixed(0)} ${name}`),
      'history:',
      ...history.map((line) => `  ${line}`),
    ];
    return [`VIOLATION: ${what}`, ...lines.map((line) => `  ${line}`)].join('\n');
  }
}
