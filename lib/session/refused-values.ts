import { SessionDataError } from './session.errors.js';

/** The attribute whose value is being checked, and how deep it may be. */
export interface CheckedAttribute {
  readonly attribute: string;
  readonly maxDepth: number;
}

/** A value that would not come back as it is. */
export function refusal(
  path: string,
  what: string,
  remedy: string,
  { attribute }: CheckedAttribute,
): SessionDataError {
  return new SessionDataError(
    `session.${path} ${what} and cannot be stored unchanged; nothing was written. ${remedy}.`,
    attribute,
  );
}

// Names only the attribute: the path would be as long as the value is deep.
export function tooDeepToWrite({ attribute, maxDepth }: CheckedAttribute): SessionDataError {
  return new SessionDataError(
    `session.${attribute} is nested more than ${maxDepth} levels deep; nothing was written. Store a flatter value, or raise maxDepth.`,
    attribute,
  );
}

export function tooDeepToRead(attribute: string, maxDepth: number): SessionDataError {
  return new SessionDataError(
    `The stored session attribute "${attribute}" cannot be read: it is nested more than ${maxDepth} levels deep. Remove it, raise maxDepth, or set unreadableAttribute to "drop".`,
    attribute,
  );
}

/** A text of the structured serializer, in a process that has the JSON serializer. */
export function writtenStructured(attribute: string): SessionDataError {
  return new SessionDataError(
    `The stored session attribute "${attribute}" cannot be read: structuredSerializer() wrote it, and this process has the JSON serializer. Set serializer to structuredSerializer() here, too, or set unreadableAttribute to "drop".`,
    attribute,
  );
}

/** The name of the class that a prototype belongs to. */
export function className(prototype: object | null): string {
  return prototype?.constructor?.name || 'a class';
}
