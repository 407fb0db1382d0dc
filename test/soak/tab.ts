import type { Random } from './random.js';
import { ABSENT, Register } from './register.js';
import type { Sight } from './soak.controller.js';
import { actions } from './soak-site.js';
import type { Result, SoakSession } from './soak-session.js';

type Values = Record<string, string | string[] | null>;

const LONGEST_LIST = 6;

/** One window of a visitor's browser. It alone writes its attributes, one request after the other. */
export class Tab {
  readonly #registers: Map<string, Register>;
  #written = 0;

  constructor(
    private readonly session: SoakSession,
    private readonly random: Random,
    private readonly number: number,
  ) {
    const names = ['a', 'b', 'x', 'y', 'list'].map((name) => this.#name(name));
    this.#registers = new Map(names.map((name) => [name, new Register()]));
  }

  /** Something that any request may do. */
  work(): Promise<unknown> {
    const { random } = this;
    return random.pick([
      () => this.#write(actions.set, { [this.#name('a')]: this.#text() }),
      () => this.#write(actions.set, { [this.#name(random.pick(['a', 'b']))]: null }),
      () => this.#write(actions.set, { ...this.#pair(), [this.#name('b')]: null }),
      () => this.#write(actions.set, this.#pair()),
      () => this.push(),
      () => this.save(),
      () => this.increment(0),
      () => this.read(),
    ])();
  }

  async read(): Promise<Result> {
    const result = await this.session.request(actions.read);
    if (result.sight) this.see(result.sight, result);
    return result;
  }

  async save(): Promise<void> {
    const first = { [this.#name('a')]: this.#text() };
    const second = { [this.#name('b')]: this.#text() };
    this.#settle(await this.session.request(actions.save, { first, second }), { ...first, ...second });
  }

  async rotate(): Promise<void> {
    const values = { [this.#name('b')]: this.#text() };
    this.#settle(await this.session.request(actions.rotate, values), values);
  }

  /** Changes a list deep inside. */
  async push(): Promise<void> {
    const name = this.#name('list');
    const register = this.#registers.get(name)!;
    const possible = [...register.possible(performance.now())];
    // A list of which the content is not known is begun anew: it would have more and more possible contents.
    const lists = possible.map((text) => (JSON.parse(text) ?? []) as string[]);
    if (lists.length > 1 || lists[0]!.length >= LONGEST_LIST)
      return this.#write(actions.set, { [name]: [this.#text()] });
    const item = this.#text();
    const texts = lists.map((list) => JSON.stringify([...list, item]));
    const result = await this.session.request(actions.push, { name, item });
    if (result.outcome === 'unknown') register.maybeWritten(texts, result.end);
    if (result.sight === undefined) return;
    const text = textOf(result.sight, name);
    if (!texts.includes(text)) this.session.violated(`${name} is ${text}, and not ${texts.join(' or ')}`);
    register.written(text);
    this.see(result.sight, result, [name]);
  }

  /** Raises the counter that all windows share, alone. */
  async increment(hold: number): Promise<void> {
    const { counter } = this.session;
    counter.begin();
    const { outcome, sight, begin, end } = await this.session.request(actions.increment, { hold });
    if (outcome === 'refused') counter.refused();
    else if (outcome === 'unknown') counter.unknown();
    if (sight === undefined) return;
    const wrong = counter.acknowledged(Number(sight.attributes.count), begin, end);
    if (wrong) this.session.violated(wrong);
    this.see(sight, { begin, end }, ['count']);
  }

  /** What a request has found must be what it may have found, but for what it has written itself. */
  see(sight: Sight, { begin, end }: { begin: number; end: number }, written: string[] = []): void {
    if (textOf(sight, this.#name('x')) !== textOf(sight, this.#name('y')))
      this.session.violated('one half of a write is there, and not the other');
    for (const [name, register] of this.#registers) {
      if (written.includes(name)) continue;
      const text = textOf(sight, name);
      const possible = [...register.possible(begin)];
      if (!register.found(text, begin))
        this.session.violated(`${name} is ${text}, and not ${possible.join(' or ')}`);
    }
    if (written.includes('count')) return;
    const wrong = this.session.counter.found(Number(sight.attributes.count ?? 0), begin, end);
    if (wrong) this.session.violated(wrong);
  }

  async #write(action: typeof actions.set, values: Values): Promise<void> {
    this.#settle(await this.session.request(action, values), values);
  }

  #settle(result: Result, values: Values): void {
    for (const [name, value] of Object.entries(values)) {
      const register = this.#registers.get(name)!;
      const text = JSON.stringify(value);
      if (result.outcome === 'done') register.written(text);
      if (result.outcome === 'unknown') register.maybeWritten([text], result.end);
    }
    if (result.sight) this.see(result.sight, result, Object.keys(values));
  }

  // Both halves are always written together, with the same text.
  #pair(): Values {
    const text = this.#text();
    return { [this.#name('x')]: text, [this.#name('y')]: text };
  }

  #name(name: string): string {
    return `${name}${this.number}`;
  }

  #text(): string {
    return `${this.session.label}/${this.number}.${++this.#written}`;
  }
}

function textOf(sight: Sight, name: string): string {
  return name in sight.attributes ? JSON.stringify(sight.attributes[name]) : ABSENT;
}
