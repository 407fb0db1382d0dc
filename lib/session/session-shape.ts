import { SessionSchemaError } from './session.errors.js';

/** What a session holds: the attributes by name. */
export type SessionValues = Record<string, unknown>;

/** Where a value breaks the schema: the attribute, then properties and indexes. Empty for the session as a whole. */
export type FaultPath = readonly PropertyKey[];

/**
 * Makes data of this version's shape out of data that an earlier version stored, or that does not match the schema. Called
 * when a request first looks at the session; must not be async. `data` is a copy and may be changed.
 * @param fromVersion the option `schemaVersion` of the process that stored it; 0 if none was set
 * @returns what the session holds from now on
 */
export type SessionMigrate = (data: SessionValues, fromVersion: number) => SessionValues;

/** What to do with stored data that does not match the schema. */
export type OnInvalidData = 'error' | 'drop' | SessionMigrate;

export interface ShapeOptions {
  /** Returns where the data breaks the schema: no paths if it matches. */
  readonly faultsIn: (data: SessionValues) => FaultPath[];
  readonly version: number;
  readonly onInvalidData: OnInvalidData;
  /** Whether an attribute can have this name. */
  readonly isAttribute: (name: string) => boolean;
}

/** The shape that the application's schema gives sessions. */
export class SessionShape {
  readonly version: number;

  constructor(private readonly options: ShapeOptions) {
    this.version = options.version;
  }

  isAttribute(name: string): boolean {
    return this.options.isAttribute(name);
  }

  /** Whether stored data that does not match is an error, whatever else is done with it. */
  isStrict(version: number): boolean {
    return this.options.onInvalidData === 'error' || version > this.version;
  }

  /** @throws SessionSchemaError if a session must not be stored with this data */
  assertStorable(data: SessionValues): void {
    const faults = this.#faultsIn(data);
    if (faults.length > 0)
      throw new SessionSchemaError(
        faults,
        'not match the schema; nothing was written. Assign values that match it, or change the option schema.',
      );
  }

  /**
   * Checks data that was stored.
   * @param version the version of the schema that it was stored with
   * @returns other data that takes its place; `undefined` if it stays
   * @throws SessionSchemaError if the session cannot be used
   */
  replacementOf(data: SessionValues, version: number): SessionValues | undefined {
    const { onInvalidData } = this.options;
    if (typeof onInvalidData === 'function' && version < this.version)
      return this.#migrated(onInvalidData, data, version);
    const faults = this.#faultsIn(data);
    if (faults.length === 0) return undefined;
    if (this.isStrict(version)) throw unreadable(faults, version, this.version);
    return typeof onInvalidData === 'function'
      ? this.#migrated(onInvalidData, data, version)
      : this.#without(faults, data);
  }

  #without(faults: FaultPath[], data: SessionValues): SessionValues {
    const named = new Set(faults.map(([attribute]) => attribute));
    const kept = Object.fromEntries(Object.entries(data).filter(([name]) => !named.has(name)));
    return this.#faultsIn(kept).length === 0 ? kept : {};
  }

  #migrated(migrate: SessionMigrate, data: SessionValues, from: number): SessionValues {
    let next: unknown;
    try {
      next = migrate(data, from);
    } catch (cause) {
      throw notMigrated(from, `onInvalidData threw ${kindOf(cause)}`);
    }
    if (next instanceof Promise) {
      next.catch(() => undefined);
      throw notMigrated(from, 'onInvalidData returned a promise');
    }
    if (typeof next !== 'object' || next === null || Array.isArray(next))
      throw notMigrated(from, 'onInvalidData returned no object');
    if (!Object.keys(next).every((name) => this.isAttribute(name) && !LONE_SURROGATE.test(name)))
      throw notMigrated(from, 'onInvalidData returned a name that no attribute can have');
    const faults = this.#faultsIn(next as SessionValues);
    if (faults.length > 0) throw unreadable(faults, from, this.version, ' after onInvalidData');
    return next as SessionValues;
  }

  // The message of another error may quote values.
  #faultsIn(data: SessionValues): FaultPath[] {
    try {
      return this.options.faultsIn(data);
    } catch (cause) {
      if (cause instanceof SessionSchemaError) throw cause;
      throw new SessionSchemaError(
        [[]],
        `be checked: the schema threw ${kindOf(cause)}. Correct the schema.`,
        'cannot',
      );
    }
  }
}

// A surrogate without its other half.
const LONE_SURROGATE = /\p{Surrogate}/u;

function unreadable(faults: FaultPath[], stored: number, own: number, when = ''): SessionSchemaError {
  const remedy =
    stored > own
      ? 'A newer version of the application stored it: deploy that version everywhere, or let it keep what this one needs.'
      : 'Set onInvalidData to a function that migrates it, or to "drop".';
  return new SessionSchemaError(
    faults,
    `not match the schema as stored${when} (schemaVersion ${stored}, here ${own}). ${remedy}`,
  );
}

function notMigrated(from: number, why: string): SessionSchemaError {
  return new SessionSchemaError(
    [[]],
    `be migrated from schemaVersion ${from}: ${why}. Return an object of attributes, without await.`,
    'cannot',
  );
}

function kindOf(cause: unknown): string {
  const kind = (cause as { name?: unknown } | null)?.name;
  return typeof kind === 'string' ? kind : 'an error';
}
