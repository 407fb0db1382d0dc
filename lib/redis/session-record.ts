import type { SessionRecord } from '../session/session-store.js';

/** What a session's hash holds. @returns `undefined` for a hash that is not there, or not a session. */
export function recordOf(id: string, fields: Record<string, string>): SessionRecord | undefined {
  const attributes = new Map<string, string>();
  const metadata: Record<string, string> = {};
  for (const name of Object.keys(fields)) {
    if (name.startsWith(':')) metadata[name] = fields[name]!;
    else attributes.set(name, fields[name]!);
  }
  const secretHash = metadata[':secret'];
  if (secretHash === undefined) return undefined;
  return {
    id,
    secretHash,
    createdAt: Number(metadata[':created']),
    idleTimeoutInMilliseconds: optionalNumber(metadata[':idle']),
    expiresAt: optionalNumber(metadata[':expires']),
    attributes,
  };
}

function optionalNumber(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}
