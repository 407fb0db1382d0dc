import { isSealed } from '../session/attribute-cipher.js';
import type { SessionRecord } from '../session/session-store.js';

/** One attribute of a stored session. */
export interface StoredAttribute {
  readonly name: string;
  readonly bytes: number;
  readonly encrypted: boolean;
  /** The stored text. Printed only if the command was told to. */
  readonly text: string;
}

/** A stored session as the commands show it. Contains no secret. */
export interface StoredSession {
  readonly id: string;
  /** Milliseconds since the epoch, by the clock of Redis. */
  readonly createdAt: number;
  /** How long nobody has used it. Milliseconds; `undefined` if that cannot be told. */
  readonly unusedFor: number | undefined;
  /** How long it still lives unless it is used. Milliseconds; `undefined` if it never ends. */
  readonly endsIn: number | undefined;
  /** Bytes of names and texts, as `maxSessionBytes` counts them. */
  readonly bytes: number;
  /** A hash of the user if the session is encrypted. */
  readonly user: string | undefined;
  readonly attributes: readonly StoredAttribute[];
}

export function storedSession(
  record: SessionRecord,
  endsIn: number | undefined,
  defaultIdleTimeout: number,
): StoredSession {
  const attributes = [...record.attributes].map(([name, text]) => ({
    name,
    bytes: Buffer.byteLength(name) + Buffer.byteLength(text),
    encrypted: isSealed(text),
    text,
  }));
  return {
    id: record.id,
    createdAt: record.createdAt,
    unusedFor: unusedFor(record, endsIn, record.idleTimeoutInMilliseconds ?? defaultIdleTimeout),
    endsIn,
    bytes: attributes.reduce((sum, { bytes }) => sum + bytes, 0),
    user: record.indexed?.get('user'),
    attributes: attributes.toSorted((one, other) => other.bytes - one.bytes),
  };
}

// The expiry says how long ago it was set, unless the absolute end of the session is nearer, or the application has a longer
// idle timeout than this command was told.
function unusedFor(
  { expiresAt, createdAt }: SessionRecord,
  endsIn: number | undefined,
  idle: number,
): number | undefined {
  if (endsIn === undefined || endsIn > idle) return undefined;
  if (expiresAt !== undefined && expiresAt <= Date.now() + endsIn + 1000) return undefined;
  const unused = Math.min(idle - endsIn, Math.max(0, Date.now() - createdAt));
  // Other software may have stored times that are none.
  return Number.isFinite(unused) ? unused : undefined;
}
