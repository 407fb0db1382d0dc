import { whatElseItIs } from './plain-instance.js';
import { className, refusal, tooDeepToRead, tooDeepToWrite, writtenStructured } from './refused-values.js';

/**
 * Turns an attribute's value into text and back. `deserialize(serialize(value))` must equal `value`, and equal values must
 * give equal text: a change is a different text. `maxDepth` is the option of that name; a serializer that takes nested
 * values should refuse deeper ones.
 *
 * @example
 * ```ts
 * import { parse, stringify } from 'superjson';
 * const superJson: SessionSerializer = { serialize: (value) => stringify(value), deserialize: (text) => parse(text) };
 * ```
 */
export interface SessionSerializer {
  /** @throws SessionDataError for a value that would come back changed; it names the path, never the value. */
  serialize(value: unknown, attribute: string, maxDepth?: number): string;
  /** @throws any error for a text that this serializer did not write. */
  deserialize(text: string, attribute: string, maxDepth?: number): unknown;
}

/** The default of the option `maxDepth`: how deep arrays and objects of one attribute may be nested. */
export const DEFAULT_MAX_DEPTH = 64;

/** Begins the texts of the structured serializer that are not JSON. No JSON text begins with it. */
export const STRUCTURED_PREFIX = 'st1.';

/** Plain JSON. A value that JSON would change is refused. */
export const jsonSerializer: SessionSerializer = {
  serialize(value, attribute, maxDepth = DEFAULT_MAX_DEPTH) {
    assertPlain(value, attribute, { attribute, maxDepth, above: [], takesInstances: false });
    return JSON.stringify(value);
  },
  deserialize(text, attribute, maxDepth = DEFAULT_MAX_DEPTH) {
    if (isDeeper(text, maxDepth)) throw tooDeepToRead(attribute, maxDepth);
    try {
      return JSON.parse(text) as unknown;
    } catch (cause) {
      throw text.startsWith(STRUCTURED_PREFIX) ? writtenStructured(attribute) : cause;
    }
  },
};

/** JSON that stores an instance of a class as a plain object, if it has only own enumerable properties. */
export const plainJsonSerializer: SessionSerializer = {
  ...jsonSerializer,
  serialize(value, attribute, maxDepth = DEFAULT_MAX_DEPTH) {
    assertPlain(value, attribute, { attribute, maxDepth, above: [], takesInstances: true });
    return JSON.stringify(value);
  },
};

/** The state of the check of one attribute's value. */
interface Walk {
  readonly attribute: string;
  readonly maxDepth: number;
  /** The objects that contain the checked value, outermost first. */
  readonly above: object[];
  readonly takesInstances: boolean;
}

function assertPlain(value: unknown, path: string, walk: Walk): void {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return;
    case 'number':
      if (Number.isFinite(value)) return;
      throw refusal(path, `is ${value}`, 'Store null or leave it out', walk);
    case 'object':
      break;
    case 'bigint':
      throw refusal(path, 'is a BigInt', 'Store it as a string', walk);
    default:
      throw refusal(path, `is of type ${typeof value}`, 'Leave it out', walk);
  }
  if (value === null) return;
  const { above } = walk;
  if (above.includes(value))
    throw refusal(path, 'refers back to an object that contains it', 'Store an id', walk);
  // Before the recursion: no value can overflow the stack, and `above.includes` takes at most maxDepth steps.
  if (above.length === walk.maxDepth) throw tooDeepToWrite(walk);
  above.push(value);
  if (Array.isArray(value)) assertPlainArray(value, path, walk);
  else assertPlainObject(value, path, walk);
  above.pop();
}

function assertPlainArray(value: unknown[], path: string, walk: Walk): void {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // Array.prototype is itself an array in every realm; the prototype of a subclass is not.
  if (!Array.isArray(prototype))
    throw refusal(path, `is an instance of ${className(prototype)}`, 'Store [...it]', walk);
  for (let index = 0; index < value.length; index++) assertPlain(value[index], `${path}[${index}]`, walk);
  const keys = Object.keys(value);
  if (keys.length > value.length) {
    throw refusal(path, `has the property ${keys[value.length]}`, 'JSON keeps only items: copy them', walk);
  }
}

function assertPlainObject(value: object, path: string, walk: Walk): void {
  const prototype = Object.getPrototypeOf(value) as object | null;
  // An object of another realm (node:vm, a test runner's sandbox) is plain, too, if its prototype has no prototype.
  if (prototype !== null && Object.getPrototypeOf(prototype) !== null) {
    const more = walk.takesInstances ? whatElseItIs(value) : '';
    if (more !== undefined)
      throw refusal(path, `is an instance of ${className(prototype)}${more}`, hintFor(value, walk), walk);
  }
  for (const key of Object.keys(value)) {
    const item = (value as Record<string, unknown>)[key];
    // JSON omits undefined properties, which reads the same: optional fields work.
    if (item !== undefined) assertPlain(item, `${path}.${key}`, walk);
  }
  if (Object.getOwnPropertySymbols(value).length > 0)
    throw refusal(path, 'has a symbol as a key', 'Use a string', walk);
}

function hintFor(value: object, { takesInstances }: Walk): string {
  if (value instanceof Date) return 'Store date.toISOString()';
  if (takesInstances) return 'Store a plain object of what you need, or set a serializer that supports it';
  return 'Store a plain object ({ ...dto }), set classInstances to "plain", or set a serializer that supports it';
}

/** Whether arrays and objects of a JSON text are nested deeper than `maxDepth`. */
function isDeeper(text: string, maxDepth: number): boolean {
  // Every level takes two brackets.
  if (text.length <= 2 * maxDepth) return false;
  let depth = 0;
  let quoted = false;
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (quoted) {
      if (code === BACKSLASH) index++;
      else if (code === QUOTE) quoted = false;
    } else if (code === QUOTE) quoted = true;
    else if (code === OPEN_ARRAY || code === OPEN_OBJECT) {
      if (++depth > maxDepth) return true;
    } else if (code === CLOSE_ARRAY || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const [OPEN_ARRAY, CLOSE_ARRAY, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
