import { setTimeout as sleep } from 'node:timers/promises';
import { Random } from '../soak/random.js';
import type { FuzzArguments } from './fuzz-arguments.js';
import type { FuzzInput, FuzzKind } from './fuzz-input.js';
import type { FuzzReport } from './fuzz-report.js';
import type { FuzzTarget } from './fuzz-target.js';
import type { Watchdog } from './watchdog.js';

const BATCH = 20;
/** What an input may cost at most: a request with everything around it, and so much for each of its bytes. */
const MILLISECONDS_AN_INPUT = 6;
const MILLISECONDS_A_BYTE = 0.001;
const MEASURED_TIMES = 4;
/** What comes after the answer comes within this time. */
const AFTERMATH_MILLISECONDS = 30;

interface Numbered {
  readonly kind: FuzzKind;
  readonly number: number;
  readonly input: FuzzInput;
}

/** Sends inputs of each kind in turn until the time is over. */
export class FuzzRun {
  /** What a batch of each kind has cost at least. */
  readonly #usual = new Map<FuzzKind, number>();

  constructor(
    private readonly target: FuzzTarget,
    private readonly watchdog: Watchdog,
    private readonly report: FuzzReport,
    private readonly given: FuzzArguments,
  ) {}

  async run(kinds: readonly FuzzKind[]): Promise<void> {
    const { only, seconds } = this.given;
    const chosen = kinds.filter(({ name }) => name === (this.given.kind ?? name));
    if (only !== undefined) return this.#one(this.#input(chosen[0]!, only));
    const end = performance.now() + seconds * 1000;
    for (let first = 0; performance.now() < end; first += BATCH)
      for (const kind of chosen) if (performance.now() < end) await this.#batch(kind, first);
  }

  #input(kind: FuzzKind, number: number): Numbered {
    const seed = Math.imul(number + 1, 0x9e3779b1) ^ this.given.seed ^ hashOf(kind.name);
    return { kind, number, input: kind.next(new Random(seed)) };
  }

  async #batch(kind: FuzzKind, first: number): Promise<void> {
    const inputs = Array.from({ length: BATCH }, (_, index) => this.#input(kind, first + index));
    const before = await kind.cpu();
    await Promise.all(inputs.map((input) => this.#send(input)));
    const spent = (await kind.cpu()) - before;
    if (this.target.crashes.length > 0) await this.#findCrash(inputs);
    const usual = this.#usual.get(kind) ?? Infinity;
    this.#usual.set(kind, Math.min(usual, spent));
    // One of them may be what is beyond the usual.
    if (spent > 2 * usual + MILLISECONDS_AN_INPUT) for (const input of inputs) await this.#measure(input);
  }

  async #one(input: Numbered): Promise<void> {
    await this.#send(input);
    await sleep(AFTERMATH_MILLISECONDS);
    if (this.target.crashes.length > 0) await this.#findCrash([input]);
    await this.#measure(input);
  }

  async #send({ kind, number, input }: Numbered): Promise<void> {
    this.report.input(kind.name);
    const told = `${kind.name} ${number} ${input.text}`;
    const { faults, serverError, session } = await this.watchdog.guard(told, () => input.run());
    if (session !== undefined) this.report.session(kind.name, session);
    if (serverError !== undefined) this.report.serverError(kind.name, serverError);
    for (const fault of faults) this.report.fault({ kind: kind.name, number, fault, text: input.text });
  }

  /** Which of them it was is told by sending them again, one by one. */
  async #findCrash(inputs: readonly Numbered[]): Promise<void> {
    const [first] = this.target.crashes;
    let found = 0;
    for (const { kind, number, input } of inputs) {
      await this.target.restart();
      await input.run();
      await sleep(AFTERMATH_MILLISECONDS);
      const [crash] = this.target.crashes;
      if (crash === undefined) continue;
      found++;
      this.report.fault({ kind: kind.name, number, fault: 'crash', text: `${input.text}\n${crash}` });
    }
    await this.target.restart();
    const { kind, number } = inputs[0]!;
    const text = `one of this and the next ${inputs.length - 1}\n${first}`;
    if (found === 0) this.report.fault({ kind: kind.name, number, fault: 'crash', text });
  }

  /** The least of several times: what else the machine does counts in none of them. */
  async #measure({ kind, number, input }: Numbered): Promise<void> {
    let least = Infinity;
    for (let times = 0; times < MEASURED_TIMES && least > limitOf(input); times++) {
      const before = await kind.cpu();
      await this.watchdog.guard(`${kind.name} ${number} ${input.text}`, () => input.run());
      least = Math.min(least, (await kind.cpu()) - before);
    }
    if (least <= limitOf(input)) return;
    const text = `${Math.round(least)} ms for ${input.bytes} bytes: ${input.text}`;
    this.report.fault({ kind: kind.name, number, fault: 'more than linear time', text });
  }
}

function limitOf({ bytes }: FuzzInput): number {
  return MILLISECONDS_AN_INPUT + bytes * MILLISECONDS_A_BYTE;
}

function hashOf(name: string): number {
  return Buffer.from(name).reduce((hash, byte) => Math.imul(hash ^ byte, 0x01000193), 7);
}
