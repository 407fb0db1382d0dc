import type { AttributeCipher } from './attribute-cipher.js';
import { deepFreeze } from './deep-freeze.js';
import { SessionDataError } from './session.errors.js';
import type { SessionSerializer } from './session-serializer.js';
import type { SessionShape, SessionValues } from './session-shape.js';

const REMOVED = Symbol('removed');

// Promises ask for the first, and answers for the cookie's lifetime: neither looks at what the session holds.
const unchecked = new Set(['then', 'cookie']);

/** Attribute name to its new text, or `undefined` if it was removed. */
export type AttributeChanges = ReadonlyMap<string, string | undefined>;

/** How attributes become text and back, and what happens to a text that cannot be read. */
export interface AttributePolicy {
  readonly serializer: SessionSerializer;
  readonly unreadableAttribute: 'throw' | 'drop';
  readonly maxDepth: number;
  /** Encrypts the texts. @default none */
  readonly cipher?: AttributeCipher | undefined;
  /** Checks the values. @default none */
  readonly shape?: SessionShape | undefined;
}

/**
 * The attributes of one session: the texts as they were loaded, and the values that the request read or wrote. A value is
 * parsed when it is first read, and its text is compared at the end. So `session.cart.items.push(x)` is a change, and an
 * attribute that nobody reads is neither parsed nor serialized.
 */
export class SessionAttributes {
  // Written values, and objects that were read: only these can differ from the stored text.
  readonly #values = new Map<string, unknown>();
  // The names of those that were assigned.
  #assigned: Set<string> | undefined;
  // For values whose serializer does not give back the stored text: the text it gives for the unchanged value.
  #rewritten: Map<string, { readonly stored: string; readonly text: string }> | undefined;
  // The decrypted texts.
  #opened: Map<string, { readonly stored: string; readonly text: string }> | undefined;
  #frozen = false;
  // The names of those that were first read while frozen. Bytes in them cannot be frozen, and are not stored.
  #readFrozen: Set<string> | undefined;
  // Whether the stored values match the schema, or were replaced by others that do.
  #admitted = false;
  // The text of each value that took the place of a stored one; `undefined` for those that were removed.
  #migrated: Map<string, string | undefined> | undefined;

  /** @param owner the session; its id is drawn when it is first needed */
  constructor(
    private texts: Map<string, string>,
    private readonly policy: AttributePolicy,
    private readonly owner: { readonly id: string },
    /** The version of the schema that the texts were stored with. */
    private version?: number,
  ) {}

  get(name: string): unknown {
    if (this.policy.shape !== undefined && !unchecked.has(name)) this.#admit(this.policy.shape);
    const value = this.#values.get(name);
    if (value !== undefined) return value === REMOVED ? undefined : value;
    const text = this.texts.get(name);
    return text === undefined ? undefined : this.#read(name, text);
  }

  set(name: string, value: unknown): void {
    this.#values.set(name, value === undefined ? REMOVED : value);
    (this.#assigned ??= new Set()).add(name);
  }

  has(name: string): boolean {
    if (this.policy.shape !== undefined) this.#admit(this.policy.shape);
    const value = this.#values.get(name);
    if (value !== undefined) return value !== REMOVED;
    // Only a read shows whether it is dropped.
    return (
      this.texts.has(name) && (this.policy.unreadableAttribute === 'throw' || this.get(name) !== undefined)
    );
  }

  names(): string[] {
    if (this.policy.shape !== undefined) this.#admit(this.policy.shape);
    const names = [...this.texts.keys()].filter((name) => this.#values.get(name) !== REMOVED);
    for (const [name, value] of this.#values) {
      if (value !== REMOVED && !this.texts.has(name)) names.push(name);
    }
    return names;
  }

  /**
   * What differs from the stored texts.
   * @throws SessionDataError if a value cannot be stored, or does not match the schema
   */
  changes(): Map<string, string | undefined> {
    const { shape } = this.policy;
    if (shape === undefined) return this.#changes();
    // Otherwise what is at fault may be what the request removes or replaces.
    if (this.#values.size > 0 && !shape.isStrict(this.version ?? 0)) this.#admit(shape);
    const changes = this.#changes();
    if ([...changes.keys()].some((name) => shape.isAttribute(name))) this.#assertStorable(shape);
    return changes;
  }

  #assertStorable(shape: SessionShape): void {
    shape.assertStorable(this.#data(shape, (name) => this.#values.get(name)));
    // What the request has not replaced matches too: indexes may look at it before the write.
    this.#admitted = true;
  }

  #changes(): Map<string, string | undefined> {
    const changes = new Map<string, string | undefined>();
    for (const [name, value] of this.#values) {
      if (this.#readFrozen?.has(name)) continue;
      const stored = this.#stored(name);
      const text = value === REMOVED ? undefined : this.#write(name, value);
      if (text !== stored && !this.#isUnchanged(name, stored, text))
        changes.set(name, this.#seal(name, text));
    }
    return changes;
  }

  /** Whether these changes only replace what does not match the schema: the request itself has changed nothing. */
  areMigration(changes: AttributeChanges): boolean {
    return this.#migrated !== undefined && [...changes.keys()].every((name) => this.#isMigrated(name));
  }

  /** The version of the schema to store with these changes; `undefined` if the store has it, or a later one. */
  versionWith(changes: AttributeChanges): number | undefined {
    const { shape } = this.policy;
    if (shape === undefined || shape.version <= this.storedVersion) return undefined;
    return changes.size > 0 || this.#migrated !== undefined ? shape.version : undefined;
  }

  /** The version of the schema that the store has; 0 if it has none. */
  get storedVersion(): number {
    return this.version ?? 0;
  }

  /** The texts that the store has. */
  stored(): Map<string, string> {
    return new Map(this.texts);
  }

  /**
   * Notes that `changes` are stored. What the request has written since then stays a change.
   * @param version the version of the schema that is stored with them
   */
  accept(changes: AttributeChanges, version?: number): void {
    this.version = version ?? this.version;
    this.#migrated = undefined;
    for (const [name, text] of changes) {
      if (text !== undefined) this.texts.set(name, text);
      else {
        this.texts.delete(name);
        if (this.#values.get(name) === REMOVED) this.#values.delete(name);
      }
    }
  }

  /** Takes texts that were loaded again, and keeps what this request changed. */
  rebase(texts: Map<string, string>, version?: number): void {
    this.#forgetMigration();
    const changes = this.#changes();
    for (const name of this.#values.keys()) {
      if (!changes.has(name)) this.#values.delete(name);
    }
    this.#load(texts, version);
  }

  /** Takes texts that were loaded again, and forgets what this request changed. */
  reset(texts: Map<string, string>, version?: number): void {
    this.#values.clear();
    this.#assigned = undefined;
    this.#load(texts, version);
  }

  #load(texts: Map<string, string>, version: number | undefined): void {
    this.texts = texts;
    this.#readFrozen = undefined;
    this.version = version;
    this.#admitted = false;
    this.#migrated = undefined;
  }

  /** Makes every value that was or will be read refuse deep changes. */
  freeze(): void {
    for (const value of this.#values.values()) deepFreeze(value);
    this.#frozen = true;
  }

  /** Undoes `freeze()`: frozen objects are parsed again when they are next read. */
  thaw(): void {
    this.#frozen = false;
    if (this.#migrated !== undefined) this.#forgetMigration();
    for (const [name, value] of this.#values) {
      if ((Object.isFrozen(value) || this.#readFrozen?.has(name)) && this.texts.has(name))
        this.#values.delete(name);
    }
    this.#readFrozen = undefined;
  }

  /** Whether the session would take more than `bytes` in the store with these changes. */
  exceeds(bytes: number, changes: AttributeChanges): boolean {
    // A character takes at most three bytes, and the number of characters is known.
    let characters = 0;
    for (const [name, text] of this.texts) characters += name.length + text.length;
    for (const [name, text] of changes) characters += name.length + (text?.length ?? 0);
    return characters * 3 > bytes && this.sizeAfter(changes) > bytes;
  }

  /** Bytes that names and texts would take in the store with these changes. */
  sizeAfter(changes: AttributeChanges): number {
    let bytes = 0;
    for (const [name, text] of this.texts) {
      if (!changes.has(name)) bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
    }
    for (const [name, text] of changes) {
      if (text !== undefined) bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
    }
    return bytes;
  }

  // Other software, or another version of a serializer, may have stored another text for the same value. To write an object
  // that was only read would undo what other requests write.
  #isUnchanged(name: string, stored: string | undefined, text: string | undefined): boolean {
    if (stored === undefined || text === undefined || this.#assigned?.has(name)) return false;
    let rewritten = this.#rewritten?.get(name);
    if (rewritten?.stored !== stored) {
      const { serializer, maxDepth } = this.policy;
      rewritten = { stored, text: this.#write(name, serializer.deserialize(stored, name, maxDepth)) };
      (this.#rewritten ??= new Map()).set(name, rewritten);
    }
    return rewritten.text === text;
  }

  /** The stored text, decrypted; unchanged if that fails. */
  #stored(name: string): string | undefined {
    const text = this.texts.get(name);
    if (text === undefined || this.policy.cipher === undefined) return text;
    try {
      return this.#open(name, text);
    } catch {
      return text;
    }
  }

  #open(name: string, stored: string): string {
    const { cipher } = this.policy;
    if (cipher === undefined) return stored;
    let opened = this.#opened?.get(name);
    if (opened?.stored !== stored) {
      opened = { stored, text: cipher.open(stored, this.owner.id, name) };
      (this.#opened ??= new Map()).set(name, opened);
    }
    return opened.text;
  }

  #seal(name: string, text: string | undefined): string | undefined {
    const { cipher } = this.policy;
    return text === undefined || cipher === undefined ? text : cipher.seal(text, this.owner.id, name);
  }

  #write(name: string, value: unknown): string {
    let text: unknown;
    try {
      text = this.policy.serializer.serialize(value, name, this.policy.maxDepth);
    } catch (cause) {
      throw cause instanceof SessionDataError
        ? cause
        : unwritable(name, `${kindOf(cause)} in the serializer`);
    }
    if (typeof text !== 'string') throw unwritable(name, 'the serializer returned no text');
    return text;
  }

  // The schema sees the session as a whole, so the first look at any attribute checks all.
  #admit(shape: SessionShape): void {
    if (this.#admitted || this.texts.size === 0) return;
    const data = this.#data(shape, () => undefined);
    const before = Object.keys(data);
    const next = shape.replacementOf(data, this.storedVersion);
    if (next !== undefined) this.#replace(before, next);
    this.#admitted = true;
  }

  #replace(before: readonly string[], next: SessionValues): void {
    const migrated = new Map<string, string | undefined>();
    for (const name of new Set([...before, ...Object.keys(next)])) {
      const value = Object.hasOwn(next, name) ? next[name] : undefined;
      // What the request has assigned before it looked at the session stays.
      if (!this.#values.has(name))
        migrated.set(name, value === undefined ? undefined : this.#write(name, value));
    }
    for (const [name, text] of migrated) {
      if (this.#frozen) deepFreeze(next[name]);
      this.#values.set(name, text === undefined ? REMOVED : next[name]);
    }
    this.#migrated = migrated;
  }

  /** Whether an attribute has the value that took the place of the stored one. */
  #isMigrated(name: string): boolean {
    if (this.#migrated?.has(name) !== true || this.#assigned?.has(name)) return false;
    const value = this.#values.get(name);
    return (value === REMOVED ? undefined : this.#write(name, value)) === this.#migrated.get(name);
  }

  /** Forgets the values that took the place of stored ones, unless the request has changed them. */
  #forgetMigration(): void {
    for (const name of this.#migrated?.keys() ?? []) if (this.#isMigrated(name)) this.#values.delete(name);
    this.#migrated = undefined;
    this.#admitted = false;
  }

  /** The values for the schema: those that the request has, or else the stored ones. Leaves out what cannot be read. */
  #data(shape: SessionShape, valueOf: (name: string) => unknown): SessionValues {
    const { serializer, maxDepth } = this.policy;
    const data: SessionValues = {};
    for (const name of new Set([...this.texts.keys(), ...this.#values.keys()])) {
      if (!shape.isAttribute(name)) continue;
      const value = valueOf(name);
      const text = this.texts.get(name);
      if (value === REMOVED || (value === undefined && text === undefined)) continue;
      try {
        data[name] =
          value === undefined ? serializer.deserialize(this.#open(name, text!), name, maxDepth) : value;
      } catch {
        // Its own read says so.
      }
    }
    return data;
  }

  #read(name: string, text: string): unknown {
    let value: unknown;
    try {
      value = this.policy.serializer.deserialize(this.#open(name, text), name, this.policy.maxDepth);
    } catch (cause) {
      if (this.policy.unreadableAttribute === 'throw') throw unreadable(name, cause);
      this.#values.set(name, REMOVED);
      return undefined;
    }
    if (typeof value === 'object' && value !== null) {
      if (this.#frozen) {
        deepFreeze(value);
        (this.#readFrozen ??= new Set()).add(name);
      }
      this.#values.set(name, value);
    }
    return value;
  }
}

function unreadable(name: string, cause: unknown): SessionDataError {
  if (cause instanceof SessionDataError) return cause;
  return new SessionDataError(
    `The stored session attribute "${name}" cannot be read (${kindOf(cause)} in the serializer). It was written by other software or another serializer; remove it, or set unreadableAttribute to "drop".`,
    name,
  );
}

function unwritable(name: string, reason: string): SessionDataError {
  return new SessionDataError(
    `The session attribute "${name}" cannot be stored (${reason}); nothing was written. Leave it out, or set a serializer that supports it.`,
    name,
  );
}

// The message of a serializer's error may quote the attribute's value, which must not be logged: only the name is.
function kindOf(cause: unknown): string {
  const kind = (cause as { name?: unknown } | null)?.name;
  return typeof kind === 'string' ? kind : 'error';
}
