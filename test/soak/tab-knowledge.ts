import { ABSENT, Register } from './register.js';
import type { Sight } from './sight.js';
import { soakOptions } from './soak-options.js';
import type { SoakSession } from './soak-session.js';

/** When a request was sent, and when it had its answer. */
export interface Took {
  readonly begin: number;
  readonly end: number;
}

/** What one window knows of its session, and what it makes of what it sees. */
export class TabKnowledge {
  /** The attributes that this window alone writes. */
  readonly registers: ReadonlyMap<string, Register>;
  readonly idle: Register;

  constructor(
    private readonly session: SoakSession,
    private readonly number: number,
    idleTimeoutInSeconds: number = soakOptions.idleTimeoutInSeconds,
  ) {
    const names = ['a', 'b', 'x', 'y', 'list'].map((name) => `${name}${number}`);
    this.registers = new Map(names.map((name) => [name, new Register()]));
    this.idle = new Register(String(idleTimeoutInSeconds));
  }

  /** What a request has found must be what it may have found, but for what it has written itself. */
  compare(sight: Sight, { begin, end }: Took, written: readonly string[]): void {
    if (textOf(sight, `x${this.number}`) !== textOf(sight, `y${this.number}`))
      this.session.violated('one half of a write is there, and not the other');
    for (const [name, register] of this.registers)
      if (!written.includes(name)) this.#compare(name, register, textOf(sight, name), begin);
    for (const [name, register] of this.session.shared) {
      const wrong = written.includes(name) ? undefined : register.found(textOf(sight, name), begin, end);
      if (wrong) this.session.violated(`no order of the writes of ${name} explains what was read`, wrong);
    }
    // The window that sets it knows what it may be.
    if (this.number === 0) this.#compare('idleTimeoutInSeconds', this.idle, String(sight.idle), begin);
    if (written.includes('count')) return;
    const wrong = this.session.counter.found(Number(sight.attributes.count ?? 0), begin, end);
    if (wrong) this.miscounted(wrong);
  }

  #compare(name: string, register: Register, text: string, begin: number): void {
    const possible = [...register.possible(begin)];
    if (!register.found(text, begin)) this.unexpected(name, text, possible);
  }

  unexpected(name: string, seen: string, possible: string[]): void {
    const acknowledged = possible.join(' or ');
    const kind = `an attribute is not what was written (${name.replace(/\d$/, '')})`;
    this.session.violated(`${name} is ${seen}, and not ${acknowledged}`, { kind, acknowledged, seen });
  }

  miscounted(wrong: string): void {
    this.session.violated(wrong, { kind: 'increments under a lock do not add up' });
  }
}

export function textOf(sight: Sight, name: string): string {
  return name in sight.attributes ? JSON.stringify(sight.attributes[name]) : ABSENT;
}
