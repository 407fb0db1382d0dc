import { Module } from '@nestjs/common';

/** The package in one format: what its entry points export. */
interface Copy {
  readonly format: 'esm' | 'cjs';
  readonly version: string;
  readonly index: object;
  readonly shared: object;
}

interface Registered {
  readonly copy: Copy;
  /** Which NestJS the copy uses. */
  readonly nest: unknown;
}

const KEY = Symbol.for('nestjs-redis-session');

/**
 * Returns the copy of the package that the process uses: its own, or that of the other format if it was loaded before. With
 * two copies, providers, errors and sessions of one would be unknown to the other. A copy that is loaded again in the same
 * format (by a test runner that resets its modules, for example) is used as it is.
 */
export function oneCopy(own: Copy): Copy {
  const registry = globalThis as { [KEY]?: Registered };
  const other = registry[KEY];
  if (
    other !== undefined &&
    other.copy.format !== own.format &&
    other.copy.version === own.version &&
    other.nest === Module
  )
    return other.copy;
  registry[KEY] = { copy: own, nest: Module };
  return own;
}
