import type { SessionDestroyReason } from './session-observer.js';
import type { IndexKey, SessionIndex } from './session-index.js';

const ENDED_AT_ONCE = 100;

/** Ends those of these sessions that have this value. @returns how many */
export async function endSessions(
  index: SessionIndex,
  key: IndexKey,
  ids: readonly string[],
  reason?: SessionDestroyReason,
): Promise<number> {
  const ended = await inBatches(ids, (id) => index.destroy(key, id, reason));
  if (ended.length > 0) await index.remove(key, ended);
  return ended.length;
}

/** @returns the ids of the sessions that were destroyed */
export async function inBatches(
  ids: readonly string[],
  destroy: (id: string) => Promise<boolean>,
): Promise<string[]> {
  const destroyed: string[] = [];
  for (let first = 0; first < ids.length; first += ENDED_AT_ONCE) {
    const some = ids.slice(first, first + ENDED_AT_ONCE);
    const outcomes = await Promise.all(some.map(destroy));
    destroyed.push(...some.filter((_, place) => outcomes[place]));
  }
  return destroyed;
}
