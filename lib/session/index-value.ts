import { hash } from 'node:crypto';
import type { Session } from './session.js';
import { SessionDataError, SessionUsageError } from './session.errors.js';

/** Returns the value that a session has in an index; nothing if it has none. Called whenever a session is stored. */
// oxlint-disable-next-line typescript/no-explicit-any -- the application knows its attributes
export type SessionIndexer = (session: Session<any>) => string | number | null | undefined;

/** The index that finds the sessions of a user. Every application has it. */
export const USER_INDEX = 'user';

const LONGEST_VALUE = 1024;
// A surrogate without its other half.
const LONE_SURROGATE = /\p{Surrogate}/u;

/**
 * The text of a value in an index. @returns `undefined` if there is none
 * @throws SessionUsageError for a value of another type. SessionDataError for one that is too long or cannot be encoded.
 */
export function indexValue(index: string, value: unknown): string | undefined {
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value === 'number') return String(value);
  if (typeof value !== 'string')
    throw new SessionUsageError(
      `The value for the index "${index}" is of type ${typeof value}; expected a string, a number or nothing.`,
    );
  if (value.length > LONGEST_VALUE || LONE_SURROGATE.test(value))
    throw new SessionDataError(
      `The session's value for the index "${index}" cannot be stored: it is longer than ${LONGEST_VALUE} characters, or contains half a character; nothing was written. Use a shorter id.`,
      index,
    );
  return value;
}

/** A value as it is stored. With encryption, a hash: no text of a session stands in the store then. */
export function storedIndexValue(index: string, value: unknown, encrypted: boolean): string | undefined {
  const text = indexValue(index, value);
  return text === undefined || !encrypted ? text : hash('sha256', `${index} ${text}`, 'base64url');
}

/** The user that the attribute `user` names. Objects, which other software keeps there, name none. */
export function userIn(value: unknown): string | number | undefined {
  return typeof value === 'string' || typeof value === 'number' ? value : undefined;
}
