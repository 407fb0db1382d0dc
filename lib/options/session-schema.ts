import { getMetadataStorage, validateSync, type ValidationError } from 'class-validator';
import {
  SessionShape,
  type FaultPath,
  type OnInvalidData,
  type SessionValues,
} from '../session/session-shape.js';
import { canNameAttribute } from '../session/session-proxy.js';
import { SessionSchemaError } from '../session/session.errors.js';
import type { Session } from '../session/session.js';

/** A schema of any library that follows Standard Schema v1 (https://standardschema.dev): zod, valibot, arktype and others. */
export interface StandardSchema<Input = unknown> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult | Promise<StandardResult>;
    readonly types?: { readonly input: Input; readonly output: unknown } | undefined;
  };
}

interface StandardResult {
  readonly issues?:
    | readonly { readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined }[]
    | undefined;
}

/** A Standard Schema, or a class with rules of class-validator. */
export type SessionSchema = StandardSchema | (new () => object);

/**
 * The session of a schema: its attributes are what the schema takes.
 * @example type ShopSession = SessionOf<typeof shopSchema>;
 */
export type SessionOf<Schema extends SessionSchema> =
  Schema extends StandardSchema<infer Input>
    ? Session<Input & object>
    : Schema extends new () => infer Values
      ? Session<Values & object>
      : never;

export function isSessionSchema(value: unknown): value is SessionSchema {
  if (isStandard(value)) return true;
  return typeof value === 'function' && rulesOf(value as new () => object).length > 0;
}

/** Whether a schema has asynchronous rules, as far as can be told without data. */
export function isAsync(schema: SessionSchema): boolean {
  if (isStandard(schema)) {
    try {
      return isPromise(schema['~standard'].validate({}));
    } catch {
      return false;
    }
  }
  const storage = getMetadataStorage();
  return rulesOf(schema).some(({ constraintCls }) =>
    storage.getTargetValidatorConstraints(constraintCls).some((constraint) => constraint.async),
  );
}

/** The shape that the options give sessions. @returns `undefined` without a schema */
export function shapeOf({
  schema,
  schemaVersion: version,
  onInvalidData,
}: {
  readonly schema?: SessionSchema;
  readonly schemaVersion: number;
  readonly onInvalidData: OnInvalidData;
}): SessionShape | undefined {
  if (schema === undefined) return undefined;
  const faultsIn = isStandard(schema) ? standardFaults(schema) : classFaults(schema);
  return new SessionShape({ faultsIn, version, onInvalidData, isAttribute: canNameAttribute });
}

function standardFaults({ '~standard': standard }: StandardSchema): (data: SessionValues) => FaultPath[] {
  return (data) => {
    const result = standard.validate(data);
    if (isPromise(result))
      throw new SessionSchemaError(
        [[]],
        'be checked: the schema is asynchronous, or one of its rules throws. Correct the schema.',
        'cannot',
      );
    return (result.issues ?? []).map(({ path = [] }) =>
      path.map((part) => (typeof part === 'object' ? part.key : part)),
    );
  };
}

function classFaults(type: new () => object): (data: SessionValues) => FaultPath[] {
  return (data) => {
    // Without the constructor: its defaults would stand for attributes that are missing.
    const instance = Object.assign(Object.create(type.prototype as object) as object, data);
    return validateSync(instance, { stopAtFirstError: true }).flatMap((error) => pathsOf(error, []));
  };
}

function pathsOf({ property, children = [] }: ValidationError, above: FaultPath): FaultPath[] {
  const path = [...above, property];
  return children.length === 0 ? [path] : children.flatMap((child) => pathsOf(child, path));
}

function rulesOf(type: new () => object) {
  return getMetadataStorage().getTargetValidationMetadatas(type, '', true, false);
}

// arktype's schemas are functions.
function isStandard(value: unknown): value is StandardSchema {
  const standard = (value as Partial<StandardSchema> | null | undefined)?.['~standard'];
  return standard?.version === 1 && typeof standard.validate === 'function';
}

function isPromise(result: unknown): result is Promise<unknown> {
  if (!(result instanceof Promise)) return false;
  result.catch(() => undefined);
  return true;
}
