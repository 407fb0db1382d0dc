import { types } from 'node:util';
import { SessionReadOnlyError } from './session.errors.js';

// Object.freeze() leaves these working, because what they change is not in properties.
const changesOf = {
  Map: ['set', 'delete', 'clear'],
  Set: ['add', 'delete', 'clear'],
  Date: Object.getOwnPropertyNames(Date.prototype).filter((name) => name.startsWith('set')),
};

/** Makes a value and all that it contains refuse changes: objects, arrays, Maps, Sets and Dates. Bytes cannot. */
export function deepFreeze(root: unknown): void {
  // A list instead of recursion: the application's serializer may return values of any depth.
  const pending: unknown[] = [root];
  for (const value of pending) {
    // A view of bytes cannot be frozen.
    if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value))
      continue;
    if (types.isMap(value)) {
      refuse(value, 'Map');
      for (const [key, item] of value) pending.push(key, item);
    } else if (types.isSet(value)) {
      refuse(value, 'Set');
      for (const item of value) pending.push(item);
    } else if (types.isDate(value)) refuse(value, 'Date');
    Object.freeze(value);
    for (const item of Object.values(value)) pending.push(item);
  }
}

function refuse(value: object, kind: keyof typeof changesOf): void {
  for (const name of changesOf[kind]) {
    const refused = (): never => {
      throw new SessionReadOnlyError(`call ${name}() of a ${kind} in the session`);
    };
    Object.defineProperty(value, name, { value: refused });
  }
}
