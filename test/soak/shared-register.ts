import { ABSENT, LATE_WITHIN_MILLISECONDS } from './register.js';

/** One value: when it was written, and who saw it. No two writes have the same value. */
interface Value {
  readonly text: string;
  readonly begin: number;
  /** Infinity while the write is under way; later than the answer where nobody knows. */
  end: number;
  acknowledged: boolean;
  firstSeen: number;
  lastSeen: number;
}

/** Two values that no order of the writes explains. */
export interface Contradiction {
  readonly acknowledged: string;
  readonly seen: string;
}

/**
 * An attribute that several requests write at once: there must be one order of all writes and reads that explains what
 * each was told (linearizability). With values that are written once each, it is enough to compare them in pairs (Gibbons
 * and Korach, Testing shared memories, 1997): from its first end to its last begin a value is the only one there.
 */
export class SharedRegister {
  #values = new Map<string, Value>();
  #broken = false;

  constructor() {
    this.writing(ABSENT, -Infinity);
    this.settled(ABSENT, 'done', -Infinity);
  }

  writing(text: string, begin: number): void {
    const unseen = { firstSeen: Infinity, lastSeen: -Infinity };
    this.#values.set(text, { text, begin, end: Infinity, acknowledged: false, ...unseen });
  }

  /** How a write ended: it happened, it did not, or nobody knows. */
  settled(text: string, outcome: 'done' | 'refused' | 'unknown', end: number): void {
    const written = this.#values.get(text)!;
    written.acknowledged = outcome === 'done';
    if (outcome === 'refused') this.#values.delete(text);
    else written.end = outcome === 'done' ? end : end + LATE_WITHIN_MILLISECONDS;
  }

  /** A request has read this. @returns what it contradicts; after a contradiction nothing more is told. */
  found(text: string, begin: number, end: number): Contradiction | undefined {
    if (this.#broken) return undefined;
    const read = this.#values.get(text);
    if (read === undefined) return this.#contradiction('no write of it is left', `${text} was read`);
    read.firstSeen = Math.min(read.firstSeen, end);
    read.lastSeen = Math.max(read.lastSeen, begin);
    for (const one of this.#values.values()) {
      const [alone, other] = isAlone(read) ? [read, one] : [one, read];
      if (one === read || !hasHappened(one) || !isAlone(alone) || !overlap(alone, other)) continue;
      return this.#contradiction(tell(other), tell(alone));
    }
    return undefined;
  }

  #contradiction(acknowledged: string, seen: string): Contradiction {
    this.#broken = true;
    return { acknowledged, seen };
  }
}

const firstEnd = ({ end, firstSeen }: Value): number => Math.min(end, firstSeen);
const lastBegin = ({ begin, lastSeen }: Value): number => Math.max(begin, lastSeen);
const hasHappened = ({ acknowledged, lastSeen }: Value): boolean => acknowledged || lastSeen !== -Infinity;
const isAlone = (one: Value): boolean => firstEnd(one) < lastBegin(one);
const overlap = (one: Value, other: Value): boolean =>
  firstEnd(one) < lastBegin(other) && firstEnd(other) < lastBegin(one);

function tell({ text, begin, end, acknowledged, firstSeen, lastSeen }: Value): string {
  const written = `${text}, written ${begin.toFixed(0)}–${end.toFixed(0)}${acknowledged ? ' and acknowledged' : ''}`;
  if (lastSeen === -Infinity) return written;
  return `${written}, seen by requests that ended from ${firstSeen.toFixed(0)} and began until ${lastSeen.toFixed(0)}`;
}
