import { inspect } from 'node:util';
import type { Random } from '../soak/random.js';
import { anyText } from './random-text.js';

/** What the getters and methods of a hostile value throw. */
export class OfTheValue extends Error {}

const refuse = (): never => {
  throw new OfTheValue();
};

/** Any value of JavaScript: most can be stored, many cannot. */
export function anyValue(random: Random, depth = 3): unknown {
  const inner = (): unknown => anyValue(random, depth - 1);
  if (depth > 0 && random.chance(0.4))
    return random.pick([
      () => Array.from({ length: random.integer(0, 5) }, inner),
      () => record(random, inner),
      () => record(random, inner),
    ])();
  return random.chance(0.85) ? plain(random) : odd(random, inner);
}

function record(random: Random, inner: () => unknown): object {
  const entries = Array.from({ length: random.integer(0, 4) }, () => [anyName(random), inner()] as const);
  // `fromEntries` defines, so that `__proto__` is a property of its own.
  return Object.fromEntries(entries);
}

export function anyName(random: Random): string {
  return random.chance(0.4)
    ? random.pick([
        '__proto__',
        'constructor',
        'toString',
        'toJSON',
        'then',
        'id',
        'save',
        'destroy',
        'length',
        '0',
        ':x',
        '',
      ])
    : anyText(random);
}

function plain(random: Random): unknown {
  return random.pick<() => unknown>([
    () => anyText(random),
    () => random.integer(-1000, 1000),
    () => random.next() * 10 ** random.integer(-320, 320),
    () => random.pick([true, false, null, 0, 1, '', 2 ** 53, 2 ** 31]),
    () => 'x'.repeat(random.pick([10, 1000, 50_000])),
  ])();
}

function odd(random: Random, inner: () => unknown): unknown {
  const depth = random.pick([10, 100, 1000, 5000, 20_000]);
  return random.pick<() => unknown>([
    () => random.pick([undefined, Number.NaN, Infinity, -0, 10n, Symbol('s'), () => 1]),
    () =>
      random.pick([
        new Date(0),
        new Map([[1, 2]]),
        new Set([1]),
        /x/,
        new Uint8Array(3),
        Promise.resolve(1),
        new Error('e'),
      ]),
    () => nested(depth, (value) => [value]),
    () => nested(depth, (value) => ({ a: value })),
    () => cycle(),
    () => new Proxy({}, { get: refuse, ownKeys: refuse, getOwnPropertyDescriptor: refuse }),
    () => Object.defineProperty({}, 'a', { get: refuse, enumerable: true }),
    () => ({ toJSON: refuse }),
    () => ({ toJSON: inner }),
    () => Object.assign([1, 2], { extra: inner() }),
    () => Object.assign([], { length: random.integer(1, 1000) }),
    () => Object.assign(Object.create({ inherited: 1 }) as object, { own: 2 }),
    () => [, 1], // oxlint-disable-line no-sparse-arrays -- a hole is what JSON cannot say
  ])();
}

function nested(depth: number, around: (value: unknown) => unknown): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = around(value);
  return value;
}

function cycle(): object {
  const one: Record<string, unknown> = {};
  one.self = { one };
  return one;
}

/** As text, whatever it is. */
export function tellValue(value: unknown): string {
  return inspect(value, {
    depth: 6,
    maxStringLength: 200,
    showProxy: true,
    compact: true,
    breakLength: Infinity,
  });
}
