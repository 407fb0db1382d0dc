import { isIPv6 } from 'node:net';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';

/** The longest delay of Node's timers. It is large enough for counts and database numbers too. */
export const LARGEST_INTEGER = 2 ** 31 - 1;

/**
 * Requires a value for which `holds` returns true. `expected` completes "expected …" in the error: one text per option,
 * for every invalid value.
 */
export function Expect(expected: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name: 'expect', validator: { validate: holds, defaultMessage: () => expected } });
}

/** Allows `undefined`, but not `null`, which class-validator's `IsOptional` allows too. */
export function Optional(): PropertyDecorator {
  return ValidateIf((_options, value) => value !== undefined);
}

export function IntegerFrom(least: number, most = LARGEST_INTEGER): PropertyDecorator {
  return Expect(`an integer from ${least} to ${most}`, (value) => isIntegerFrom(least, most, value));
}

export function isIntegerFrom(least: number, most: number, value: unknown): boolean {
  return Number.isInteger(value) && Number(value) >= least && Number(value) <= most;
}

export function Flag(): PropertyDecorator {
  return Expect('true or false', (value) => typeof value === 'boolean');
}

export function OneOf(...allowed: readonly (string | boolean)[]): PropertyDecorator {
  const named = allowed.map((value) => JSON.stringify(value));
  return Expect(`${named.slice(0, -1).join(', ')} or ${named.at(-1)}`, (value) =>
    allowed.some((one) => one === value),
  );
}

export function Text(expected: string, pattern = /./su): PropertyDecorator {
  return Expect(expected, (value) => typeof value === 'string' && pattern.test(value));
}

export function Host(): PropertyDecorator {
  return Expect('only a host name or an IP address (use connectionString for a URL)', isHost);
}

/** A token of RFC 9110 §5.6.2: a valid name for a cookie, a header or an authentication scheme. */
export function Token(expected: string): PropertyDecorator {
  return Text(expected, /^[\w!#$%&'*+.^`|~-]+$/);
}

/** Checks the methods: `instanceof` would refuse a client or a store from another copy of its package. */
export function HasMethods(expected: string, ...methods: readonly string[]): PropertyDecorator {
  return Expect(expected, (value) => hasMethods(value, methods));
}

/** A group of options, validated by its class. */
export function Group(): PropertyDecorator {
  return (target, property) => {
    Expect('an object', isObject)(target, property);
    ValidateNested()(target, property);
  };
}

export function isHost(value: unknown): value is string {
  return typeof value === 'string' && (/^[^\s:/@,[\]]+$/.test(value) || isIPv6(value));
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function hasMethods(value: unknown, methods: readonly string[]): boolean {
  return isObject(value) && methods.every((method) => typeof value[method] === 'function');
}
