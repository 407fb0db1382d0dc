import { createHash, randomBytes } from 'node:crypto';
import type { NewSessionRecord, SessionChanges, SessionStore } from '../../session/session-store.js';

/** Longer than any test. */
export const LONG = 3_600_000;

export function newHash(): string {
  return createHash('sha256').update(randomBytes(32)).digest('base64url');
}

export function newSession(
  attributes: Record<string, string> | Map<string, string> = {},
  rest: Partial<NewSessionRecord> = {},
): NewSessionRecord {
  return {
    id: randomBytes(16).toString('base64url'),
    secretHash: newHash(),
    defaultIdleTimeoutInMilliseconds: LONG,
    attributes: attributes instanceof Map ? attributes : new Map(Object.entries(attributes)),
    ...rest,
  };
}

export function changes(
  attributes: Record<string, string | undefined> | Map<string, string | undefined> = {},
  rest: Partial<SessionChanges> = {},
): SessionChanges {
  return {
    defaultIdleTimeoutInMilliseconds: LONG,
    attributes: attributes instanceof Map ? attributes : new Map(Object.entries(attributes)),
    ...rest,
  };
}

export async function attributesOf(
  store: SessionStore,
  id: string,
): Promise<Map<string, string> | undefined> {
  return (await store.load(id))?.attributes;
}
