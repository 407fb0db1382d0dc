import { stringify, unflatten } from 'devalue';
import type { SessionSerializer } from '../session/session-serializer.js';
import { DEFAULT_MAX_DEPTH, jsonSerializer, STRUCTURED_PREFIX } from '../shared.js';
import { assertTree } from './assert-tree.js';
import { StoredBytes } from './stored-bytes.js';
import { structuredCopy } from './structured-copy.js';

const reducers = {
  Buffer: (value: unknown) => value instanceof StoredBytes && value.textOf('Buffer'),
  Uint8Array: (value: unknown) => value instanceof StoredBytes && value.textOf('Uint8Array'),
};

const revivers = {
  Buffer: (text: string) => Buffer.from(text, 'base64'),
  Uint8Array: (text: string) => new Uint8Array(Buffer.from(text, 'base64')),
};

const structured: SessionSerializer = {
  serialize(value, attribute, maxDepth = DEFAULT_MAX_DEPTH) {
    const { copy, isJson } = structuredCopy(value, attribute, maxDepth);
    return isJson ? JSON.stringify(copy) : STRUCTURED_PREFIX + stringify(copy, reducers);
  },
  deserialize(text, attribute, maxDepth = DEFAULT_MAX_DEPTH) {
    if (!text.startsWith(STRUCTURED_PREFIX)) return jsonSerializer.deserialize(text, attribute, maxDepth);
    const flat = JSON.parse(text.slice(STRUCTURED_PREFIX.length)) as unknown;
    assertTree(flat, attribute, maxDepth);
    return unflatten(flat, revivers);
  },
};

/**
 * A serializer for Date, Map, Set, BigInt, Buffer, Uint8Array, NaN, Infinity, -0 and undefined in arrays, beside what JSON
 * carries. Needs the package `devalue`.
 *
 * A value that JSON gives back unchanged is stored as JSON, so processes with the JSON serializer read it. Other values begin
 * with `st1.`: for those, such a process throws a SessionDataError that names the attribute. An object that occurs twice in a
 * value comes back as two, as with JSON. Instances of classes are refused.
 *
 * @example RedisSessionModule.forRoot({ serializer: structuredSerializer() })
 */
export function structuredSerializer(): SessionSerializer {
  return structured;
}
