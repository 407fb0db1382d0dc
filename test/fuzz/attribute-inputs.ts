import { isDeepStrictEqual } from 'node:util';
import {
  InMemorySessionStore,
  RedisSessionOptions,
  SessionError,
  SessionRepository,
} from 'nestjs-redis-session';
import type { Random } from '../soak/random.js';
import type { FuzzInput, Shown } from './fuzz-input.js';
import { processCpu } from './process-cpu.js';
import { anyName, anyValue, OfTheValue, tellValue } from './random-values.js';

/** Names and values of attributes: each comes back as it was, or is refused with an error of the package. */
export class AttributeInputs {
  readonly name = 'attributes';
  readonly cpu = processCpu;
  readonly #sessions = new SessionRepository(new InMemorySessionStore(), new RedisSessionOptions());

  next(random: Random): FuzzInput {
    const entries = Array.from(
      { length: random.integer(1, 3) },
      () => [anyName(random), anyValue(random)] as const,
    );
    const [, value] = entries[0]!;
    const text = tellValue(entries);
    return { text, bytes: Math.max(text.length, sizeOf(value)), run: () => this.#store(entries) };
  }

  async #store(entries: readonly (readonly [string, unknown])[]): Promise<Shown> {
    const faults: string[] = [];
    const session = this.#sessions.create() as unknown as Record<string, unknown>;
    const set = new Map<string, unknown>();
    for (const [name, value] of entries)
      if (tried(() => (session[name] = value), faults)) set.set(name, value);
    const isSaved = await settled(() => (session as unknown as { save(): Promise<void> }).save(), faults);
    if (isSaved) {
      const found: unknown = await this.#sessions.find((session as { id: string }).id);
      for (const [name, value] of set)
        if (!isDeepStrictEqual((found as Record<string, unknown>)[name], asStored(value)))
          faults.push('a value came back as another one');
      await this.#sessions.destroy((session as { id: string }).id);
    }
    if ('polluted' in {}) faults.push('a prototype was polluted');
    return { faults: [...new Set(faults)] };
  }
}

function tried(attempt: () => unknown, faults: string[]): boolean {
  try {
    attempt();
    return true;
  } catch (error) {
    refused(error, faults);
    return false;
  }
}

async function settled(attempt: () => Promise<unknown>, faults: string[]): Promise<boolean> {
  try {
    await attempt();
    return true;
  } catch (error) {
    refused(error, faults);
    return false;
  }
}

function refused(error: unknown, faults: string[]): void {
  if (error instanceof SessionError || error instanceof OfTheValue) return;
  faults.push(`an attribute refused by ${String(error)}`);
}

// Deep and long values are told in short.
function sizeOf(value: unknown): number {
  try {
    return JSON.stringify(value)?.length ?? 0;
  } catch {
    return 100_000;
  }
}

/** JSON has one zero, and no property without a value: those are the differences that are allowed. */
function asStored(value: unknown): unknown {
  if (value === 0) return 0;
  if (Array.isArray(value)) return value.map(asStored);
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype)
    return value;
  const kept = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(kept.map(([name, item]) => [name, asStored(item)]));
}
