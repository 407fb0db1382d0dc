import { parseArgs } from 'node:util';

/** What `npm run fuzz` was told. */
export interface FuzzArguments {
  readonly seconds: number;
  readonly seed: number;
  /** Inputs of this kind only. */
  readonly kind: string | undefined;
  /** This input only: its number among those of its kind. */
  readonly only: number | undefined;
}

const USAGE =
  'npm run fuzz -- [--seconds <more than 0>] [--seed <whole number>] [--kind <name> [--only <number of an input>]]';

/** Reads the command line. @throws what it can say, if it says something else */
export function fuzzArguments(): FuzzArguments {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { seconds: text, seed: text, kind: text, only: text } });
  const seconds = Number(values.seconds ?? 60);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  const only = values.only === undefined ? undefined : Number(values.only);
  const whole = [seed, only ?? 0].every((number) => Number.isInteger(number) && number >= 0);
  if (seconds > 0 && whole) return { seconds, seed, kind: values.kind, only };
  throw new Error(USAGE);
}
