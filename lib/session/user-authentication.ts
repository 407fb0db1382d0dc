import { indexValue, USER_INDEX, userIn, type SessionIndexer } from './index-value.js';
import type { SessionCore } from './session-core.js';
import type { IndexChanges } from './session-index.js';
import type { SessionPolicy } from './session-policy.js';
import { sessionOf } from './session-proxy.js';
import type { AuthenticationChange } from './session-store.js';
import type { Session } from './session.js';

/**
 * What the next write of a session says of its user.
 * @param indexed what it changes in indexes
 * @returns `undefined` if nothing
 */
export function authenticationIn(
  core: SessionCore,
  policy: SessionPolicy,
  indexed: IndexChanges | undefined,
): AuthenticationChange | undefined {
  if (core.migrated) return undefined;
  if (core.identity.authenticateRequested) return 'renewed';
  if (!indexed?.has(USER_INDEX)) return undefined;
  if (indexed.get(USER_INDEX) === undefined) return 'ended';
  return isNewUser(core, policy) ? 'bound' : undefined;
}

// The stored value of the index also changes if `indexes` or `encryption` did. That is no login.
function isNewUser(core: SessionCore, { indexes }: SessionPolicy): boolean {
  if (core.status === 'new') return true;
  const userOf = Object.hasOwn(indexes, USER_INDEX) ? indexes[USER_INDEX]! : attribute;
  const [before, after] = [core.asStored(), core].map((one) => textOf(userOf, sessionOf(one)));
  return before !== after;
}

const attribute: SessionIndexer = (session: Session<{ user: unknown }>) => userIn(session.user);

// The stored session may hold what nobody can read. It had no user then.
function textOf(userOf: SessionIndexer, session: Session): string | undefined {
  try {
    return indexValue(USER_INDEX, userOf(session));
  } catch {
    return undefined;
  }
}
