/** How long after its failed answer a write may still arrive: it may wait in a socket until the line is thawed. */
export const LATE_WITHIN_MILLISECONDS = 10_000;

interface LateWrite {
  readonly text: string;
  readonly until: number;
}

/** The text of an attribute that is not there. */
export const ABSENT = 'null';

/**
 * What one attribute may hold, as far as its only writer can know. A write that was acknowledged is there. One of which
 * nobody knows has happened, or has not, or happens yet: both possibilities are kept.
 */
export class Register {
  #texts: Set<string>;
  #late: LateWrite[] = [];

  constructor(first = ABSENT) {
    this.#texts = new Set([first]);
  }

  /** What a request that begins now may find. */
  possible(now: number): Set<string> {
    this.#expire(now);
    return new Set([...this.#texts, ...this.#late.map(({ text }) => text)]);
  }

  /** A write was acknowledged. */
  written(text: string): void {
    this.#texts = new Set([text]);
  }

  /** A write failed at this time, and nobody knows whether it happened: it may have written any of these. */
  maybeWritten(texts: Iterable<string>, at: number): void {
    for (const text of texts) this.#late.push({ text, until: at + LATE_WITHIN_MILLISECONDS });
  }

  /** A request that began then has found this. @returns whether it may have. */
  found(text: string, begin: number): boolean {
    const legal = this.possible(begin).has(text);
    this.#texts = new Set([text]);
    return legal;
  }

  // What has had its time has happened by now, or never will.
  #expire(now: number): void {
    for (const { text, until } of this.#late) if (until < now) this.#texts.add(text);
    this.#late = this.#late.filter(({ until }) => until >= now);
  }
}
