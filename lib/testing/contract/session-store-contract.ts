import { setTimeout as sleep } from 'node:timers/promises';
import { describeAttributes } from './attributes.contract.js';
import { describeAuthentication } from './authentication.contract.js';
import type { Contract, ContractTimes, SessionStoreHarness } from './contract.js';
import { type ContractRunner, runnerOf } from './contract-runner.js';
import { describeDevice } from './device.contract.js';
import { describeExpiry, describeRemaining } from './expiry.contract.js';
import { describeIndexLocks } from './index-locks.contract.js';
import { describeIndex } from './index.contract.js';
import { describeLife } from './life.contract.js';
import { describeLocks } from './locks.contract.js';
import { describeRepeatedWrites } from './repeated-writes.contract.js';
import { describeRotation } from './rotation.contract.js';
import { describeSecrets } from './secret.contract.js';

const parts = {
  life: [describeLife],
  attributes: [describeAttributes],
  rotation: [describeRotation],
  secrets: [describeSecrets],
  repeatedWrites: [describeRepeatedWrites],
  expiry: [describeExpiry],
  remaining: [describeRemaining],
  authentication: [describeAuthentication],
  locks: [describeLocks],
  devices: [describeDevice],
  index: [describeIndex, describeIndexLocks],
} satisfies Record<string, readonly ((contract: Contract) => void)[]>;

/** A part of the contract. */
export type SessionStoreContractPart = keyof typeof parts;

/** The names of all parts. */
export const sessionStoreContractParts = Object.keys(parts) as readonly SessionStoreContractPart[];

/** The arguments of `sessionStoreContract`. */
export interface SessionStoreContractOptions {
  /** The name of the store, for the names of the tests. */
  readonly name: string;
  /** Called once, before the first test. */
  readonly create: () => SessionStoreHarness | Promise<SessionStoreHarness>;
  /**
   * The parts to leave out. A store can do without `index`, `devices` (`bindDevice`) and `remaining`; it needs the others.
   * @default none
   */
  readonly without?: readonly SessionStoreContractPart[];
  /**
   * A timeout that ends in a test: long enough for a loaded machine, and short enough to wait for.
   * @default 2400
   */
  readonly shortTimeoutInMilliseconds?: number;
  /** How long a test may take. @default 20000, or 10 times the short timeout if that is more */
  readonly testTimeoutInMilliseconds?: number;
  /**
   * The functions of the test runner: of Vitest without globals, or of node:test.
   * @default the global ones
   * @example { describe, it, expect, beforeAll: before, afterAll: after } // node:test, with the package expect
   */
  readonly runner?: Partial<ContractRunner>;
}

/**
 * Defines the tests that every `SessionStore` passes: those of the Redis store and of the in-memory store. Call it in a file
 * of tests. All tests share one harness, and each has sessions of its own.
 * @throws SessionUsageError if it finds no functions of a test runner
 * @example
 * ```ts
 * sessionStoreContract({
 *   name: 'PostgresStore',
 *   create: async () => ({ store: await open('shop'), other: await open('admin') }),
 * });
 * ```
 */
export function sessionStoreContract(options: SessionStoreContractOptions): void {
  const { name, create, without = [], shortTimeoutInMilliseconds: short = 2400 } = options;
  const { testTimeoutInMilliseconds = Math.max(20_000, 10 * short) } = options;
  const { describe, it, expect, beforeAll, afterAll } = runnerOf(options.runner);
  const tested = sessionStoreContractParts.filter((part) => !without.includes(part));
  describe(`${name}, as a session store`, () => {
    let harness: SessionStoreHarness;
    beforeAll(async () => {
      harness = await create();
    });
    afterAll(() => closed(harness));

    const contract: Contract = {
      describe: (title, define) => void describe(title, define),
      it: itOf(it, testTimeoutInMilliseconds),
      expect,
      times: timesOf(short),
      harness: () => current(harness),
    };
    for (const part of tested) for (const describePart of parts[part]) describePart(contract);
  });
}

// Jest formats the values of a row in its own way, Vitest in another, and node:test has no `each`.
function itOf(it: ContractRunner['it'], timeout: number): Contract['it'] {
  const each: Contract['it']['each'] = (rows) => (title, test) => {
    for (const [name, value] of rows)
      it(
        title.replace('%s', () => name),
        () => test(name, value),
        timeout,
      );
  };
  return Object.assign((title: string, test: () => Promise<void>) => void it(title, test, timeout), { each });
}

// A save between two parts has 1.1 s of 2.4 to be late.
function timesOf(short: number): ContractTimes {
  return { short, part: Math.ceil(short * 0.54), past: short + 50 };
}

function current(harness: SessionStoreHarness): ReturnType<Contract['harness']> {
  const { store, other, elapse = (milliseconds) => sleep(milliseconds) } = harness;
  return { store, other, elapse: async (milliseconds) => elapse(milliseconds) };
}

async function closed(harness: SessionStoreHarness | undefined): Promise<void> {
  if (harness?.close !== undefined) return harness.close();
  await harness?.store.close?.();
  await harness?.other.close?.();
}
