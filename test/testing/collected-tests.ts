import { expect } from '@jest/globals';
import type { ContractRunner } from 'nestjs-redis-session/testing';

/** A test runner that collects tests and runs them when it is told to. */
export class CollectedTests {
  readonly #titles: string[] = [];
  readonly #tests = new Map<string, () => Promise<void>>();
  readonly #before: (() => Promise<void>)[] = [];
  readonly #after: (() => Promise<void>)[] = [];

  readonly runner: ContractRunner = {
    describe: (title, define) => {
      this.#titles.push(title);
      define();
      this.#titles.pop();
    },
    it: (title, test) => void this.#tests.set([...this.#titles, title].join(' > '), test),
    expect,
    beforeAll: (prepare) => void this.#before.push(prepare),
    afterAll: (cleanUp) => void this.#after.push(cleanUp),
  };

  get titles(): string[] {
    return [...this.#tests.keys()];
  }

  /** @returns the titles of the tests that failed */
  async failures(): Promise<string[]> {
    for (const prepare of this.#before) await prepare();
    const failed: string[] = [];
    for (const [title, test] of this.#tests) await test().catch(() => failed.push(title));
    for (const cleanUp of this.#after) await cleanUp();
    return failed;
  }
}
