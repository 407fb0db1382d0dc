import { describe, expect, it } from '@jest/globals';
import { IsString, registerDecorator } from 'class-validator';
import * as z from 'zod';
import { shapeOf } from '../../lib/options/session-schema.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { faultsOf } from './faults-of.js';

class Shop {
  @IsString()
  name!: string;
}
class BetterShop extends Shop {
  visits = 1;
}
class Unruled {
  name?: string;
}
class AsyncShop {
  name!: string;
}
const rule = { name: 'free', async: true, validator: { validate: async () => true } };
registerDecorator({ target: AsyncShop, propertyName: 'name', ...rule });

/** A schema that is a function, as arktype makes them. */
const callable = Object.assign(() => undefined, {
  '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
});

const unchanged = (data: object) => data;

describe('the option schema', () => {
  it.each([
    ['of zod', z.object({})],
    ['of another library', callable],
    ['a class', Shop],
    ['a class that extends one with rules', BetterShop],
  ])('takes a schema: %s', (_, schema) => {
    expect(faultsOf({ schema })).toEqual([]);
    expect(faultsOf({ schema, schemaVersion: 2, onInvalidData: unchanged })).toEqual([]);
    expect(resolveOptions({ schema: schema as typeof Shop })).toMatchObject({
      schemaVersion: 1,
      onInvalidData: 'error',
    });
  });

  it.each([
    ['a class without rules', Unruled],
    ['a function', () => true],
    ['an object', { name: 'string' }],
    ['another version of Standard Schema', { '~standard': { version: 2, validate: () => ({}) } }],
    ['null', null],
  ])('refuses what checks nothing: %s', (_, schema) => {
    expect(faultsOf({ schema })).toEqual([
      expect.stringMatching(
        /^schema is .*; expected a Standard Schema, or a class with rules of class-validator\.$/s,
      ),
    ]);
  });

  it.each([
    ['class-validator', AsyncShop],
    ['zod', z.object({}).refine(async () => true)],
  ])('refuses asynchronous rules of %s', (_, schema) => {
    expect(faultsOf({ schema })).toEqual([
      'schema has asynchronous rules, or rules that throw, but sessions are checked without waiting. Correct them.',
    ]);
  });

  it.each([0, 1.5, '2', null])('refuses the version %p', (schemaVersion) => {
    expect(faultsOf({ schema: Shop, schemaVersion })).toEqual([
      expect.stringContaining('expected an integer from 1'),
    ]);
  });

  it.each(['throw', 'migrate', null, {}])('refuses onInvalidData: %p', (onInvalidData) => {
    expect(faultsOf({ schema: Shop, onInvalidData })).toEqual([
      expect.stringContaining('expected "error", "drop" or a function.'),
    ]);
  });

  it('is needed by schemaVersion and onInvalidData', () => {
    expect(faultsOf({ schemaVersion: 2, onInvalidData: 'drop' })).toEqual([
      'schemaVersion is set without schema, so it has no effect. Set schema, or remove schemaVersion.',
      'onInvalidData is set without schema, so it has no effect. Set schema, or remove onInvalidData.',
    ]);
  });

  it('costs nothing when it is not set', () => {
    expect(shapeOf(resolveOptions({}))).toBeUndefined();
  });
});
