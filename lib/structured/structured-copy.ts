import { types } from 'node:util';
import { className, refusal, tooDeepToWrite, type CheckedAttribute } from '../shared.js';
import { StoredBytes } from './stored-bytes.js';

/** The state of the copy of one attribute's value. */
interface Walk extends CheckedAttribute {
  /** The objects that contain the copied value, outermost first. */
  readonly above: object[];
  /** Whether JSON gives back everything so far. */
  isJson: boolean;
}

/**
 * Copies a value for devalue: a tree, in which no object occurs twice, so that equal values give equal text.
 * @throws SessionDataError for a value that would come back changed
 */
export function structuredCopy(
  value: unknown,
  attribute: string,
  maxDepth: number,
): { copy: unknown; isJson: boolean } {
  const walk: Walk = { attribute, maxDepth, above: [], isJson: true };
  return { copy: copyOf(value, attribute, walk), isJson: walk.isJson };
}

function copyOf(value: unknown, path: string, walk: Walk): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value) || Object.is(value, -0)) walk.isJson = false;
      return value;
    case 'bigint':
    case 'undefined':
      walk.isJson = false;
      return value;
    case 'object':
      return value === null ? null : copyOfObject(value, path, walk);
    default:
      throw refusal(path, `is of type ${typeof value}`, 'Leave it out', walk);
  }
}

function copyOfObject(value: object, path: string, walk: Walk): object {
  const { above, maxDepth } = walk;
  if (types.isDate(value) && isBuiltIn(value, 'Date', path, walk)) {
    if (!Number.isNaN(value.getTime())) return new Date(value.getTime());
    throw refusal(path, 'is an invalid Date', 'Store null or leave it out', walk);
  }
  if (types.isUint8Array(value)) return copyOfBytes(value, path, walk);
  if (above.includes(value))
    throw refusal(path, 'refers back to an object that contains it', 'Store an id', walk);
  // Before the recursion: no value can overflow the stack, and `above.includes` takes at most maxDepth steps.
  if (above.length === maxDepth) throw tooDeepToWrite(walk);
  above.push(value);
  const copy = copyOfContainer(value, path, walk);
  above.pop();
  return copy;
}

function copyOfContainer(value: object, path: string, walk: Walk): object {
  if (Array.isArray(value)) return copyOfArray(value, path, walk);
  // The path must not show a key: in a Map, keys are data.
  let index = 0;
  if (types.isMap(value) && isBuiltIn(value, 'Map', path, walk)) {
    const entries: [unknown, unknown][] = [];
    for (const [key, item] of value) {
      const place = `${path}<${index++}>`;
      entries.push([copyOf(key, `${place}.key`, walk), copyOf(item, place, walk)]);
    }
    return new Map(entries);
  }
  if (types.isSet(value) && isBuiltIn(value, 'Set', path, walk))
    return new Set([...value].map((item) => copyOf(item, `${path}<${index++}>`, walk)));
  return copyOfPlainObject(value, path, walk);
}

function copyOfArray(value: unknown[], path: string, walk: Walk): unknown[] {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Array.prototype is itself an array in every realm; the prototype of a subclass is not.
  if (!Array.isArray(prototype))
    throw refusal(path, `is an instance of ${className(prototype)}`, 'Store [...it]', walk);
  const copy: unknown[] = [];
  for (let index = 0; index < value.length; index++) {
    const place = `${path}[${index}]`;
    if (!(index in value)) throw refusal(place, 'is an empty slot', 'Store undefined or null', walk);
    copy.push(copyOf(value[index], place, walk));
  }
  assertNoProperties(value, value.length, path, walk);
  return copy;
}

function copyOfPlainObject(value: object, path: string, walk: Walk): object {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // An object of another realm (node:vm, a test runner's sandbox) is plain, too, if its prototype has no prototype.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null)
    throw refusal(
      path,
      `is an instance of ${className(prototype)}`,
      'Store a plain object ({ ...dto })',
      walk,
    );
  const copy: Record<string, unknown> = {};
  for (const key of Object.keys(value)) {
    // devalue refuses it, with an error that holds the value.
    if (key === '__proto__') throw refusal(path, 'has the key __proto__', 'Choose another key', walk);
    const item = (value as Record<string, unknown>)[key];
    // Left out as in JSON, so that optional fields do not change the format.
    if (item !== undefined) copy[key] = copyOf(item, `${path}.${key}`, walk);
  }
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw refusal(path, 'has a symbol as a key', 'Use a string', walk);
  return copy;
}

function copyOfBytes(value: Uint8Array, path: string, walk: Walk): StoredBytes {
  const kind = Buffer.isBuffer(value) ? 'Buffer' : 'Uint8Array';
  if (className(Object.getPrototypeOf(value) as object) !== kind) isBuiltIn(value, kind, path, walk);
  walk.isJson = false;
  return new StoredBytes(kind, value);
}

/** Notes that JSON cannot carry a built-in. @throws SessionDataError for an instance of a subclass */
function isBuiltIn(value: object, kind: string, path: string, walk: Walk): true {
  const name = className(Object.getPrototypeOf(value) as object | null);
  if (name !== kind) throw refusal(path, `is an instance of ${name}`, `Store a ${kind}`, walk);
  if (!ArrayBuffer.isView(value)) assertNoProperties(value, 0, path, walk);
  walk.isJson = false;
  return true;
}

function assertNoProperties(value: object, items: number, path: string, walk: Walk): void {
  const keys = Object.keys(value);
  if (keys.length > items)
    throw refusal(path, `has the property ${keys[items]}`, 'It would be lost: copy the content', walk);
}
