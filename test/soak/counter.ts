interface Sight {
  readonly value: number;
  readonly end: number;
}

/** A counter that exclusive requests raise by one: what they were told must fit one order of them. */
export class Counter {
  #sights: Sight[] = [];
  #acknowledged = new Set<number>();
  #unknown = 0;
  #underWay = 0;

  begin(): void {
    this.#underWay++;
  }

  /** @returns what is wrong with this, where something is. */
  acknowledged(value: number, begin: number, end: number): string | undefined {
    this.#underWay--;
    const twice = this.#acknowledged.has(value);
    this.#acknowledged.add(value);
    if (twice) return `two increments were told ${value}: one of them is lost`;
    return this.found(value - 1, begin, end) ?? this.found(value, begin, end);
  }

  refused(): void {
    this.#underWay--;
  }

  unknown(): void {
    this.#underWay--;
    this.#unknown++;
  }

  /** A request has read the counter. @returns what is wrong with that, where something is. */
  found(value: number, begin: number, end: number): string | undefined {
    const floor = Math.max(
      0,
      ...this.#sights.filter((sight) => sight.end <= begin).map((sight) => sight.value),
    );
    const ceiling = this.#acknowledged.size + this.#unknown + this.#underWay;
    if (value < floor) return `the counter is ${value} and was ${floor} before`;
    if (value > ceiling) return `the counter is ${value}, and no more than ${ceiling} increments were made`;
    this.#sights.push({ value, end });
    return undefined;
  }
}
