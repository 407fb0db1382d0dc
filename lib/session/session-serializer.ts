import { SessionDataError } from './session.errors.js';

/**
 * Turns an attribute's value into text and back. What `deserialize(serialize(value))` returns must equal `value`, and
 * equal values must give equal text: changes are found by comparing it.
 *
 * @example
 * ```ts
 * import { parse, stringify } from 'superjson';
 * const superJson: SessionSerializer = { serialize: (value) => stringify(value), deserialize: (text) => parse(text) };
 * ```
 */
export interface SessionSerializer {
  /** @throws SessionDataError for a value that would not come back as it was; it names the path, never the value. */
  serialize(value: unknown, attribute: string): string;
  /** @throws any error for a text that is not of this serializer's making. */
  deserialize(text: string, attribute: string): unknown;
}

/** Plain JSON, and only what plain JSON gives back as it was: everything else is refused instead of changed silently. */
export const jsonSerializer: SessionSerializer = {
  serialize(value, attribute) {
    assertPlain(value, attribute, [], attribute);
    return JSON.stringify(value);
  },
  deserialize: (text) => JSON.parse(text) as unknown,
};

function assertPlain(value: unknown, path: string, above: object[], attribute: string): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      throw refusal(path, `is ${value}`, 'Store null or leave it out', attribute);
    case 'object':
      break;
    case 'bigint':
      throw refusal(path, 'is a BigInt', 'Store it as a string', attribute);
    default:
      throw refusal(path, `is of type ${typeof value}`, 'Leave it out', attribute);
  }
  if (value === null) return;
  if (above.includes(value))
    throw refusal(path, 'refers back to an object that contains it', 'Store an id', attribute);
  above.push(value);
  if (Array.isArray(value)) assertPlainArray(value, path, above, attribute);
  else assertPlainObject(value, path, above, attribute);
  above.pop();
}

function assertPlainArray(value: unknown[], path: string, above: object[], attribute: string): void {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Array.prototype is itself an array, in every realm; the prototype of a subclass is not.
  if (!Array.isArray(prototype))
    throw refusal(path, `is an instance of ${className(prototype)}`, 'Store [...it]', attribute);
  for (let index = 0; index < value.length; index++)
    assertPlain(value[index], `${path}[${index}]`, above, attribute);
  const keys = Object.keys(value);
  if (keys.length > value.length) {
    throw refusal(
      path,
      `has the property ${keys[value.length]}`,
      'JSON keeps items alone: copy them',
      attribute,
    );
  }
}

function assertPlainObject(value: object, path: string, above: object[], attribute: string): void {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Objects of another realm (node:vm, a test runner's sandbox) are as plain as ours: theirs is a prototype without one.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const hint =
      value instanceof Date
        ? 'Store date.toISOString()'
        : 'Store a plain object, or set a serializer that can';
    throw refusal(path, `is an instance of ${className(prototype)}`, hint, attribute);
  }
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    // JSON leaves a property without a value out, and a reader cannot tell the two apart: optional fields stay usable.
    if (item !== undefined) assertPlain(item, `${path}.${key}`, above, attribute);
  }
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw refusal(path, 'has a symbol as a key', 'Use a string', attribute);
}

function className(prototype: object | null): string {
  return prototype?.constructor?.name || 'a class';
}

function refusal(path: string, what: string, remedy: string, attribute: string): SessionDataError {
  return new SessionDataError(
    `session.${path} ${what} and would not come back as it was; nothing was written. ${remedy}.`,
    attribute,
  );
}
