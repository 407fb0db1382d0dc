import { afterEach, describe, expect, it } from '@jest/globals';
import { oneCopy } from '../lib/one-copy.js';

const copyIn = (format: 'esm' | 'cjs', version = '1.0.0') => ({ format, version, index: {}, shared: {} });

// scripts/smoke-package.mjs runs an application that loads both formats of the packed package.
describe('a process that loads the package', () => {
  afterEach(() => {
    Reflect.deleteProperty(globalThis, Symbol.for('nestjs-redis-session'));
  });

  it.each([
    ['esm', 'cjs'],
    ['cjs', 'esm'],
  ] as const)('in both formats uses the first of them: %s', (first, second) => {
    const copy = oneCopy(copyIn(first));
    expect(oneCopy(copyIn(second))).toBe(copy);
  });

  it('twice in one format uses each as it is: its modules were reset', () => {
    oneCopy(copyIn('cjs'));
    const again = copyIn('cjs');
    expect(oneCopy(again)).toBe(again);
    expect(oneCopy(copyIn('esm'))).toBe(again);
  });

  it('in two versions uses each as it is', () => {
    oneCopy(copyIn('esm'));
    const other = copyIn('cjs', '1.0.1');
    expect(oneCopy(other)).toBe(other);
  });

  it('with two copies of NestJS uses each as it is', () => {
    const registry = globalThis as Record<symbol, unknown>;
    registry[Symbol.for('nestjs-redis-session')] = { copy: copyIn('esm'), nest: () => undefined };
    const own = copyIn('cjs');
    expect(oneCopy(own)).toBe(own);
  });
});
