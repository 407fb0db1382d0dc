import { parseArgs } from 'node:util';

export const topologies = ['single', 'sentinel', 'cluster'] as const;
export type TopologyName = (typeof topologies)[number];

/** What `npm run soak` was told. */
export interface SoakArguments {
  readonly minutes: number;
  readonly topology: TopologyName;
  /** `retryTimeoutInMilliseconds` of both applications. */
  readonly retries: number;
  readonly seed: number;
}

const USAGE =
  'npm run soak -- [--minutes <more than 0>] [--topology single|sentinel|cluster] [--retries <milliseconds>] [--seed <whole number>]';

/** Reads the command line. @throws what it can say, if it says something else */
export function soakArguments(): SoakArguments {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({ options: { minutes: text, topology: text, retries: text, seed: text } });
  const minutes = Number(values.minutes ?? 1);
  const retries = Number(values.retries ?? 2000);
  const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
  const topology = topologies.find((name) => name === (values.topology ?? 'single'));
  const whole = [retries, seed].every((number) => Number.isInteger(number) && number >= 0);
  if (minutes > 0 && whole && topology !== undefined) return { minutes, topology, retries, seed };
  throw new Error(USAGE);
}
