import { SessionAttributes } from './session-attributes.js';
import type { SessionPolicy } from './session-policy.js';

/** The values of a session's `listedAttributes`. One that cannot be read is left out. */
export function readableAttributes(
  id: string,
  texts: ReadonlyMap<string, string>,
  { serializer, maxDepth, cipher, listedAttributes }: SessionPolicy,
): Record<string, unknown> {
  const policy = { serializer, maxDepth, cipher, unreadableAttribute: 'drop' } as const;
  const values = new SessionAttributes(new Map(texts), policy, { id });
  const entries = listedAttributes.map((name) => [name, values.get(name)] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== undefined));
}
