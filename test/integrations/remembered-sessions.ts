import type { RememberedSessions } from '../../lib/migration/session-migration.js';

/** Remembers migrated sessions in memory. */
export function rememberedSessions(): RememberedSessions {
  const begun = new Map<string, number>();
  return {
    has: (id) => Promise.resolve(begun.has(id)),
    add(id, createdAt) {
      if (!begun.has(id)) begun.set(id, createdAt);
      return Promise.resolve(begun.get(id)!);
    },
  };
}
