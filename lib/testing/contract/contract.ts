import type { SessionStore } from '../../session/session-store.js';
import type { ContractExpect } from './contract-runner.js';

/** What the contract needs of a store. */
export interface SessionStoreHarness {
  readonly store: SessionStore;
  /** The store of an application with another name, on the same server. */
  readonly other: SessionStore;
  /**
   * Lets at least this much time pass by the clock of both stores.
   * @default waits
   */
  readonly elapse?: (milliseconds: number) => void | Promise<void>;
  /**
   * Closes what the harness opened.
   * @default closes both stores
   */
  readonly close?: () => void | Promise<void>;
}

/** The timeouts of the tests, in milliseconds. */
export interface ContractTimes {
  /** A timeout that ends in a test. */
  readonly short: number;
  /** Less than `short`, but twice this is more: two of them show whether the expiry slid in between. */
  readonly part: number;
  /** More than `short`. */
  readonly past: number;
}

interface It {
  (name: string, test: () => Promise<void>): void;
  /** A test for each row. `%s` in the title stands for its name. */
  each<Name extends string, Value>(
    rows: readonly (readonly [name: Name, value: Value])[],
  ): (title: string, test: (name: Name, value: Value) => Promise<void>) => void;
}

/** What each part of the contract is given. */
export interface Contract {
  readonly describe: (name: string, define: () => void) => void;
  readonly it: It;
  readonly expect: ContractExpect;
  readonly times: ContractTimes;
  /** The stores; only in a test. */
  readonly harness: () => Pick<SessionStoreHarness, 'store' | 'other'> & {
    readonly elapse: (milliseconds: number) => Promise<void>;
  };
}
