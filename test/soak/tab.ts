import { marked, marks } from './marked-line.js';
import type { Random } from './random.js';
import { REMEMBERED_FROM_SECONDS } from './soak-options.js';
import type { Sight } from './sight.js';
import { actions, type Action } from './soak-site.js';
import { SHARED, type Result, type SoakSession } from './soak-session.js';
import { TabKnowledge, textOf, type Took } from './tab-knowledge.js';

type Values = Record<string, string | string[] | null>;

const LONGEST_LIST = 6;
/** How often the line loses the reply of a write, or delivers it late. */
const MARKED = 0.06;

/** One window of a visitor's browser. Its own attributes it alone writes, one request after the other; others it shares. */
export class Tab {
  readonly #knowledge: TabKnowledge;
  #written = 0;

  constructor(
    private readonly session: SoakSession,
    private readonly random: Random,
    private readonly number: number,
    idleTimeoutInSeconds?: number,
  ) {
    this.#knowledge = new TabKnowledge(session, number, idleTimeoutInSeconds);
  }

  /** What this window knows of the session it was opened with. */
  knows(attributes: Values): void {
    for (const [name, value] of Object.entries(attributes))
      this.#knowledge.registers.get(name)?.written(JSON.stringify(value));
  }

  /** Something that any request may do. */
  work(): Promise<unknown> {
    const { random } = this;
    return random.pick([
      () => this.#write(actions.set, { [this.#name('a')]: this.#text('set') }),
      () => this.#write(actions.set, { [this.#name(random.pick(['a', 'b']))]: null }),
      () => this.#write(actions.set, { ...this.#pair(), [this.#name('b')]: null }),
      () => this.#write(actions.set, this.#pair()),
      () => this.share(),
      () => this.share(),
      () => this.share(),
      () => this.push(),
      () => this.save(),
      () => this.increment(0),
      () => this.read(),
      () => this.read(),
      () => this.fail(),
      () => this.stream(),
      () => this.leave(),
    ])();
  }

  async read(): Promise<Result> {
    const result = await this.session.request(actions.read);
    if (result.sight) this.see(result.sight, result);
    return result;
  }

  /** Writes what the other windows write at the same time. */
  share(): Promise<void> {
    const names = this.random.chance(0.3) ? SHARED : [this.random.pick(SHARED)];
    const action = this.random.chance(0.3) ? actions.setLater : actions.set;
    const text = this.#text(action.name);
    const values = Object.fromEntries(names.map((name) => [name, text]));
    const hold = this.random.integer(1, 60);
    return this.#write(action, values, action === actions.setLater ? { hold, attributes: values } : values);
  }

  save(): Promise<void> {
    const text = this.#text('save');
    const first = { [this.#name('a')]: text, ...(this.random.chance(0.3) && { s0: text }) };
    const second = { [this.#name('b')]: this.#text('save') };
    return this.#write(actions.save, { ...first, ...second }, { first, second });
  }

  rotate(): Promise<void> {
    const action = this.random.chance(0.3) ? actions.rotateSaved : actions.rotate;
    const text = this.#text(action.name, 3 * MARKED);
    return this.#write(action, { [this.#name('b')]: text, s1: text });
  }

  /** Gives the session an idle timeout of its own. Only one window does. */
  async remember(): Promise<void> {
    const idle = REMEMBERED_FROM_SECONDS + ++this.#written;
    const { outcome, sight, begin, end } = await this.session.request(actions.remember, { idle });
    if (outcome === 'done') this.session.remembered = true;
    if (outcome === 'done') this.#knowledge.idle.written(String(idle));
    if (outcome === 'unknown') this.#knowledge.idle.maybeWritten([String(idle)], end);
    if (sight) this.see({ ...sight, idle }, { begin, end });
  }

  /** The handler fails, and what it changed is discarded; or it refuses, and that is kept. */
  fail(): Promise<void> {
    const action = this.random.chance(0.5) ? actions.fail : actions.refuse;
    return this.#write(action, this.#pair());
  }

  /** The answer is a stream, which may break. */
  stream(): Promise<void> {
    const attributes = { [this.#name('a')]: this.#text('stream') };
    const ends = this.random.pick(['well', 'broken', 'broken', 'missing'] as const);
    return this.#write(actions.stream, attributes, { attributes, ends });
  }

  /** The visitor does not wait for the answer. */
  leave(): Promise<void> {
    const attributes = { [this.#name('a')]: this.#text('leave') };
    return this.#write(actions.set, attributes, attributes, this.random.integer(1, 30));
  }

  /** Changes a list deep inside. */
  async push(): Promise<void> {
    const name = this.#name('list');
    const register = this.#knowledge.registers.get(name)!;
    const possible = [...register.possible(performance.now())];
    // A list of which the content is not known is begun anew: it would have more and more possible contents.
    const lists = possible.map((text) => (JSON.parse(text) ?? []) as string[]);
    if (lists.length > 1 || lists[0]!.length >= LONGEST_LIST)
      return this.#write(actions.set, { [name]: [this.#text('set')] });
    const item = this.#text('push');
    const texts = lists.map((list) => JSON.stringify([...list, item]));
    const result = await this.session.request(actions.push, { name, item });
    if (result.outcome === 'unknown') register.maybeWritten(texts, result.end);
    if (result.sight === undefined) return;
    const text = textOf(result.sight, name);
    if (!texts.includes(text)) this.#knowledge.unexpected(name, text, texts);
    register.written(text);
    this.see(result.sight, result, [name]);
  }

  /** Raises the counter that all windows share, alone. */
  async increment(hold: number): Promise<void> {
    const { counter } = this.session;
    counter.begin();
    const body = { hold, mark: this.#text('increment') };
    const { outcome, sight, begin, end } = await this.session.request(actions.increment, body);
    if (outcome === 'refused') counter.refused();
    else if (outcome === 'unknown') counter.unknown();
    if (sight === undefined) return;
    const wrong = counter.acknowledged(Number(sight.attributes.count), begin, end);
    if (wrong) this.#knowledge.miscounted(wrong);
    this.see(sight, { begin, end }, ['count']);
  }

  /** What a request has found must be what it may have found, but for what it has written itself. */
  see(sight: Sight, took: Took, written: string[] = []): void {
    this.#knowledge.compare(sight, took, written);
  }

  async #write(action: Action, values: Values, body: object = values, leaveAfter?: number): Promise<void> {
    const { session } = this;
    const begin = performance.now();
    for (const [name, value] of Object.entries(values))
      session.shared.get(name)?.writing(JSON.stringify(value), begin);
    const result = await session.request(action, body, undefined, leaveAfter);
    for (const [name, value] of Object.entries(values)) this.#settle(result, name, JSON.stringify(value));
    if (result.sight) this.see(result.sight, result, Object.keys(values));
  }

  #settle({ outcome, end }: Result, name: string, text: string): void {
    this.session.shared.get(name)?.settled(text, outcome, end);
    const register = this.#knowledge.registers.get(name);
    if (outcome === 'done') register?.written(text);
    if (outcome === 'unknown') register?.maybeWritten([text], end);
  }

  // Both halves are always written together, with the same text.
  #pair(): Values {
    const text = this.#text('set');
    return { [this.#name('x')]: text, [this.#name('y')]: text };
  }

  #name(name: string): string {
    return `${name}${this.number}`;
  }

  #text(operation: string, probability = MARKED): string {
    const text = `${this.session.label}/${this.number}.${++this.#written}`;
    const isMarked = !this.session.calm && this.random.chance(probability);
    return isMarked ? marked(text, this.random.pick(marks), operation) : text;
  }
}
