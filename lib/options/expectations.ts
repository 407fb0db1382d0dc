import { isIPv6 } from 'node:net';
import { ValidateBy, ValidateIf, ValidateNested } from 'class-validator';

/** Node's timers hold no longer delay, and no count or database number needs to be larger. */
export const LARGEST_INTEGER = 2 ** 31 - 1;

/**
 * The value must satisfy `holds`. `expected` completes the sentence "expected …": one text per option, whatever was
 * wrong with the value and wherever it came from.
 */
export function Expect(expected: string, holds: (value: unknown) => boolean): PropertyDecorator {
  return ValidateBy({ name: 'expect', validator: { validate: holds, defaultMessage: () => expected } });
}

/** `undefined` is a value of this option. `null` is not: class-validator's own `IsOptional` would let it pass. */
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
  return Expect('a host name or an IP address alone (a URL goes into connectionString)', isHost);
}

/** RFC 9110 §5.6.2: what may name a cookie, a header or an authentication scheme. */
export function Token(expected: string): PropertyDecorator {
  return Text(expected, /^[\w!#$%&'*+.^`|~-]+$/);
}

/** Judged by its methods: a class check would refuse a client or a store that comes from another copy of its package. */
export function HasMethods(expected: string, ...methods: readonly string[]): PropertyDecorator {
  return Expect(expected, (value) => hasMethods(value, methods));
}

/** A group of options, each validated by the class that declares the group. */
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
