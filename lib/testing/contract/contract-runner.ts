import { SessionUsageError } from '../../shared.js';

interface Matchers {
  toBe(expected: unknown): unknown;
  toBeDefined(): unknown;
  toBeUndefined(): unknown;
  toBeGreaterThan(expected: number): unknown;
  toBeGreaterThanOrEqual(expected: number): unknown;
  toBeLessThan(expected: number): unknown;
  toBeLessThanOrEqual(expected: number): unknown;
  toContain(expected: unknown): unknown;
  toEqual(expected: unknown): unknown;
  toHaveLength(expected: number): unknown;
  toMatchObject(expected: object): unknown;
  toHaveProperty(name: string): unknown;
}

/** `expect` of Jest, Vitest or the package expect, as far as the contract uses it. */
export interface ContractExpect {
  (actual: unknown): Matchers & { readonly not: Matchers };
  any(type: unknown): unknown;
}

/** The functions of a test runner. */
export interface ContractRunner {
  readonly describe: (name: string, define: () => void) => unknown;
  readonly it: (name: string, test: () => Promise<void>, timeoutInMilliseconds?: number) => unknown;
  readonly expect: ContractExpect;
  readonly beforeAll: (prepare: () => Promise<void>) => unknown;
  readonly afterAll: (cleanUp: () => Promise<void>) => unknown;
}

const NAMES = ['describe', 'it', 'expect', 'beforeAll', 'afterAll'] as const;

/** The given functions, or else the global ones. @throws SessionUsageError that names those that are missing */
export function runnerOf(given: Partial<ContractRunner> = {}): ContractRunner {
  const globals = globalThis as Partial<ContractRunner>;
  const found = Object.fromEntries(NAMES.map((name) => [name, given[name] ?? globals[name]]));
  const missing = NAMES.filter((name) => typeof found[name] !== 'function');
  if (missing.length === 0) return found as unknown as ContractRunner;
  throw new SessionUsageError(
    `sessionStoreContract() found no global ${missing.join(', ')}. Pass the functions of your test runner: sessionStoreContract({ runner: { ${NAMES.join(', ')} }, … }).`,
  );
}
