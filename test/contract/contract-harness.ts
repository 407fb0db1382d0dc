import { createHash, randomBytes } from 'node:crypto';
import type { NewSessionRecord, SessionChanges, SessionStore } from '../../lib/session/session-store.js';

/** What the contract tests need of a store. */
export interface SessionStoreHarness {
  readonly store: SessionStore;
  /** The store of an application with another name, on the same server. */
  readonly other: SessionStore;
  /** Waits until at least this much time has passed by the clock of both stores. */
  readonly elapse: (milliseconds: number) => Promise<void>;
  /** Closes what the harness opened. */
  readonly close: () => Promise<void>;
}

/** The harness of the running tests, which exists from `beforeAll` on. */
export type CurrentHarness = () => SessionStoreHarness;

/** Longer than any test. */
export const LONG = 3_600_000;
/** A timeout that expires in a test: long enough for a loaded machine, short enough to wait for. */
export const SHORT = 2400;
/** Less than SHORT by 1.1 s, but twice this is more than SHORT: two of them show whether the expiry slid in between. */
export const PART = 1300;
/** More than SHORT. */
export const PAST = SHORT + 50;

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
