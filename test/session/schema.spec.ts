import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import { IsArray, IsInt, IsOptional, IsString } from 'class-validator';
import {
  InMemorySessionStore,
  SessionDataError,
  SessionSchemaError,
  type OnInvalidData,
  type SessionSchema,
} from 'nestjs-redis-session';
import { structuredSerializer } from 'nestjs-redis-session/structured';
import * as z from 'zod';
import { shapeOf } from '../../lib/options/session-schema.js';
import { coreOf } from '../../lib/session/session-proxy.js';
import { found, repositoryOf, stored, watch, type AnySession, type RepositoryOptions } from './session-fixture.js'; // prettier-ignore

const shop = z.object({
  cart: z.array(z.object({ sku: z.string(), quantity: z.number().int() })).optional(),
  name: z.string().optional(),
});

class Shop {
  @IsOptional()
  @IsArray()
  cart?: unknown[];

  @IsOptional()
  @IsString()
  name?: string;

  @IsOptional()
  @IsInt()
  visits?: number;
}

interface Setup extends RepositoryOptions {
  store?: InMemorySessionStore;
}

function withSchema(
  schema: SessionSchema,
  schemaVersion = 1,
  onInvalidData: OnInvalidData = 'error',
  { store = new InMemorySessionStore(), ...options }: Setup = {},
) {
  const shape = shapeOf({ schema, schemaVersion, onInvalidData });
  const watched = watch(store);
  return { watched, sessions: repositoryOf(watched.store, { shape, ...options } as RepositoryOptions) };
}

/** A session that was stored without a schema. */
async function storedBefore(attributes: object, options: RepositoryOptions = {}) {
  const store = new InMemorySessionStore();
  return { store, id: await stored(repositoryOf(store, options), attributes) };
}

async function failureOf(action: () => unknown): Promise<SessionSchemaError> {
  try {
    await action();
  } catch (error) {
    return error as SessionSchemaError;
  }
  throw new Error('It did not fail.');
}

const wrong: [what: string, schema: SessionSchema, value: object, paths: string[]][] = [
  ['a value of zod', shop, { name: { SECRET: 1 } }, ['name']],
  ['a deep value of zod', shop, { cart: [{ sku: 'SECRET', quantity: 'SECRET' }] }, ['cart[0].quantity']],
  ['two values of zod', shop, { name: 1, cart: 'SECRET' }, ['cart', 'name']],
  ['a value of class-validator', Shop, { name: ['SECRET'] }, ['name']],
  ['two values of class-validator', Shop, { cart: 'SECRET', visits: 1.5 }, ['cart', 'visits']],
  ['an attribute that a strict schema does not know', z.strictObject({}), { other: 'SECRET' }, ['']],
  ['an attribute that is missing', z.object({ name: z.string() }), { other: 'SECRET' }, ['name']],
];

const validate = (data: unknown) => {
  throw new RangeError(JSON.stringify(data));
};

const migrate = (data: Record<string, unknown>, from: number) => {
  const { name, ...others } = data;
  return from < 2 && typeof name === 'string' ? { ...others, names: name.split(' ') } : data;
};

async function storedLater(attributes: object) {
  const store = new InMemorySessionStore();
  const id = await stored(withSchema(z.object({}), 2, 'error', { store }).sessions, attributes);
  return { store, id };
}

describe('a session with a schema', () => {
  it.each(wrong)('is not stored with %s', async (_, schema, value, paths) => {
    const { sessions, watched } = withSchema(schema);
    const session = sessions.create() as AnySession;
    Object.assign(session, value);
    const error = await failureOf(() => session.save());
    expect(error).toBeInstanceOf(SessionSchemaError);
    expect(error).toBeInstanceOf(SessionDataError);
    expect(error).toMatchObject({ code: 'SESSION_SCHEMA', statusCode: 500 });
    expect([...error.paths].toSorted()).toEqual(paths);
    expect(error.attribute).toBe(error.paths[0]!.split(/[.[]/)[0]);
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET');
    expect(watched.written()).toEqual([]);
  });

  it.each([
    ['zod', shop],
    ['class-validator', Shop],
  ])('is stored and read with values that match, of %s', async (_, schema) => {
    const { sessions } = withSchema(schema);
    const id = await stored(sessions, { cart: [{ sku: 'tea', quantity: 1 }], name: 'ada' });
    const session = await found(sessions, id);
    expect({ ...session }).toEqual({ cart: [{ sku: 'tea', quantity: 1 }], name: 'ada' });
    session.cart.push({ sku: 'milk', quantity: 2 });
    await session.save();
    expect((await found(sessions, id)).cart).toHaveLength(2);
  });

  it('says what to do', async () => {
    const { sessions } = withSchema(shop);
    await expect(stored(sessions, { cart: [{ sku: 1 }], name: 2 })).rejects.toThrow(
      'session.cart[0].sku, session.cart[0].quantity, session.name do not match the schema; nothing was written. Assign values that match it, or change the option schema.',
    );
  });

  it('refuses a deep change and keeps what is stored', async () => {
    const { sessions } = withSchema(shop);
    const id = await stored(sessions, { cart: [{ sku: 'tea', quantity: 1 }] });
    const session = await found(sessions, id);
    session.cart[0].quantity = 0.5;
    expect((await failureOf(() => session.save())).paths).toEqual(['cart[0].quantity']);
    expect((await found(sessions, id)).cart).toEqual([{ sku: 'tea', quantity: 1 }]);
  });

  it('refuses to remove what the schema requires', async () => {
    const { sessions } = withSchema(z.object({ name: z.string() }));
    const id = await stored(sessions, { name: 'ada', other: 1 });
    const session = await found(sessions, id);
    delete session.name;
    expect((await failureOf(() => session.save())).paths).toEqual(['name']);
  });

  it('is checked without the defaults and transformations of the schema', async () => {
    const { sessions } = withSchema(
      z.object({ name: z.string().transform(Number), size: z.number().default(5) }),
    );
    const id = await stored(sessions, { name: '12' });
    expect({ ...(await found(sessions, id)) }).toEqual({ name: '12' });
  });

  it('holds Dates and Maps with the structured serializer', async () => {
    const schema = z.object({ seen: z.date(), stock: z.map(z.string(), z.bigint()) });
    const { sessions } = withSchema(schema, 1, 'error', { serializer: structuredSerializer() });
    const id = await stored(sessions, { seen: new Date(1), stock: new Map([['tea', 1n]]) });
    expect((await found(sessions, id)).stock.get('tea')).toBe(1n);
    await expect(stored(sessions, { seen: 'today', stock: new Map() })).rejects.toThrow('session.seen does not match'); // prettier-ignore
  });

  it('is not read, checked or written for a request that does not look at it', async () => {
    const { store, id } = await storedBefore({ name: 1 });
    const { sessions, watched } = withSchema(shop, 2, () => ({ name: 'migrated' }), { store });
    const session = await found(sessions, id);
    session.idleTimeoutInSeconds = 60;
    await session.save();
    expect(watched.written()).toEqual([{}]);
  });

  it('is an error if the schema throws, without what it throws', async () => {
    const schema: SessionSchema = { '~standard': { version: 1, vendor: 'test', validate } };
    const { sessions } = withSchema(schema);
    const error = await failureOf(() => stored(sessions, { name: 'SECRET' }));
    expect(error.message).toBe('The session cannot be checked: the schema threw RangeError. Correct the schema.'); // prettier-ignore
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET');
  });

  it('is an error if the schema turns out to be asynchronous', async () => {
    const { sessions } = withSchema(z.object({ name: z.string().refine(async () => false) }));
    await expect(stored(sessions, { name: 'ada' })).rejects.toThrow(
      'The session cannot be checked: the schema is asynchronous, or one of its rules throws. Correct the schema.',
    );
  });
});

describe('a stored session that does not match the schema', () => {
  it('cannot be looked at, and is kept', async () => {
    const { store, id } = await storedBefore({ name: 'SECRET', cart: 'SECRET' });
    const { sessions, watched } = withSchema(shop, 3, 'error', { store });
    const session = await found(sessions, id);
    for (const look of [
      () => session.name as unknown,
      () => session.cart as unknown,
      () => 'name' in session,
      () => ({ ...session }),
    ])
      expect(look).toThrow(
        'session.cart does not match the schema as stored (schemaVersion 0, here 3). Set onInvalidData to a function that migrates it, or to "drop".',
      );
    expect(inspect(session)).toBe('Session {}');
    await session.save();
    expect(watched.written()).toEqual([]);
  });

  it('can be repaired and destroyed', async () => {
    const { store, id } = await storedBefore({ name: 'ada', cart: 'SECRET' });
    const { sessions } = withSchema(shop, 1, 'error', { store });
    const session = await found(sessions, id);
    session.cart = [];
    await session.save();
    expect({ ...(await found(sessions, id)) }).toEqual({ name: 'ada', cart: [] });
    await (await found(sessions, id)).destroy();
    expect(await sessions.find(id)).toBeUndefined();
  });

  it('can be repaired while an index looks at its other attributes', async () => {
    const { store, id } = await storedBefore({ name: 'ada', cart: 'SECRET' });
    const indexes = { name: (session: AnySession) => session.name as string };
    const { sessions } = withSchema(shop, 1, 'error', { store, indexes });
    const session = await found(sessions, id);
    session.cart = [];
    await session.save();
    expect(await sessions.findByIndex('name', 'ada')).toMatchObject([{ id }]);
  });

  it('loses what does not match with "drop"', async () => {
    const { store, id } = await storedBefore({ name: 'ada', cart: 'SECRET', other: 1 });
    const { sessions, watched } = withSchema(shop, 1, 'drop', { store });
    const session = await found(sessions, id);
    expect({ ...session }).toEqual({ name: 'ada', other: 1 });
    await session.save();
    expect(watched.written()).toEqual([{ cart: undefined }]);
  });

  it('loses everything with "drop" if nothing less would match', async () => {
    const { store, id } = await storedBefore({ name: 1, other: 1 });
    const { sessions } = withSchema(z.object({ name: z.string() }), 1, 'drop', { store });
    expect({ ...(await found(sessions, id)) }).toEqual({});
  });

  it('keeps what cannot be read, which is an error of its own', async () => {
    const { store, id } = await storedBefore({ name: 'ada' });
    await store.save(id, {
      attributes: new Map([['cart', '{']]),
      defaultIdleTimeoutInMilliseconds: 60_000,
    });
    const { sessions } = withSchema(shop, 2, (data) => data, { store });
    const session = await found(sessions, id);
    expect(session.name).toBe('ada');
    expect(() => session.cart as unknown).toThrow('attribute "cart" cannot be read');
  });
});

describe('a session of an earlier schemaVersion', () => {
  const next = z.object({ names: z.array(z.string()).optional(), visits: z.number().optional() });

  it('is migrated by the first look, and stored with the changes', async () => {
    const { store, id } = await storedBefore({ name: 'ada lovelace', visits: 1 });
    const { sessions, watched } = withSchema(next, 2, migrate, { store });
    const session = await found(sessions, id);
    expect({ ...session }).toEqual({ visits: 1, names: ['ada', 'lovelace'] });
    session.visits = 2;
    await session.save();
    expect(watched.written()).toEqual([{ visits: '2', name: undefined, names: '["ada","lovelace"]' }]);
    expect(await store.load(id)).toMatchObject({ schemaVersion: 2 });
  });

  it('is migrated once', async () => {
    const calls: number[] = [];
    const { store, id } = await storedBefore({ visits: 1 });
    const counted = (data: Record<string, unknown>, from: number) => (calls.push(from), migrate(data, from));
    const { sessions } = withSchema(next, 2, counted, { store });
    for (let visit = 0; visit < 3; visit++) {
      const session = await found(sessions, id);
      expect(session.visits).toBe(1);
      await session.save();
    }
    expect(calls).toEqual([0]);
  });

  it('is migrated before a write of a request that did not look', async () => {
    const { store, id } = await storedBefore({ name: 'ada', visits: 1 });
    const { sessions } = withSchema(next, 2, migrate, { store });
    const session = await found(sessions, id);
    session.visits = 7;
    await session.save();
    expect({ ...(await found(sessions, id)) }).toEqual({ visits: 7, names: ['ada'] });
  });

  it('keeps what the request has assigned before it looked', async () => {
    const { store, id } = await storedBefore({ name: 'ada' });
    const { sessions } = withSchema(next, 2, migrate, { store });
    const session = await found(sessions, id);
    session.names = ['grace'];
    expect({ ...session }).toEqual({ names: ['grace'] });
  });

  it('is migrated again after a reload, and frozen where the route is read-only', async () => {
    const { store, id } = await storedBefore({ name: 'ada' });
    const { sessions } = withSchema(next, 2, migrate, { store });
    const session = await found(sessions, id);
    expect(session.names).toEqual(['ada']);
    await session.reload();
    coreOf(session).setReadOnly(true);
    expect(() => session.names.push('x')).toThrow(TypeError);
    coreOf(session).setReadOnly(false);
    session.names.push('grace');
    await session.save();
    expect({ ...(await found(sessions, id)) }).toEqual({ names: ['ada', 'grace'] });
  });

  it('is not stored with what the migration returned if that does not match', async () => {
    const { store, id } = await storedBefore({ name: 'SECRET' });
    const { sessions } = withSchema(next, 2, () => ({ names: 'SECRET' }), { store });
    const session = await found(sessions, id);
    expect(() => session.names as unknown).toThrow(
      'session.names does not match the schema as stored after onInvalidData (schemaVersion 0, here 2).',
    );
  });

  const failures: [what: string, migrate: OnInvalidData, says: string][] = [
    ['throws', () => { throw new TypeError('SECRET'); }, 'onInvalidData threw TypeError'],
    ['is async', (async () => ({})) as unknown as OnInvalidData, 'onInvalidData returned a promise'],
    ['rejects', (async () => { throw new Error('SECRET'); }) as unknown as OnInvalidData, 'returned a promise'],
    ['returns nothing', (() => undefined) as unknown as OnInvalidData, 'onInvalidData returned no object'],
    ['returns metadata', () => ({ ':secret': 'x' }), 'returned a name that no attribute can have'],
    ['returns a method', () => ({ save: 1 }), 'returned a name that no attribute can have'],
  ]; // prettier-ignore

  it.each(failures)('is an error if the migration %s', async (_, failing, says) => {
    const { store, id } = await storedBefore({ name: 'SECRET' });
    const { sessions, watched } = withSchema(next, 2, failing, { store });
    const session = await found(sessions, id);
    const error = await failureOf(() => session.names as unknown);
    expect(error).toBeInstanceOf(SessionSchemaError);
    expect(error.message).toContain(`The session cannot be migrated from schemaVersion 0: `);
    expect(error.message).toContain(says);
    expect(inspect(error, { depth: 9 })).not.toContain('SECRET');
    await session.save();
    expect(watched.written()).toEqual([]);
  });

  it('does not get the reserved names that somebody wrote to the store', async () => {
    const { store, id } = await storedBefore({ visits: 1 });
    await store.save(id, {
      attributes: new Map([
        ['__proto__', '{"polluted":1}'],
        ['constructor', '1'],
      ]),
      defaultIdleTimeoutInMilliseconds: 60_000,
    });
    const seen: string[] = [];
    const look = (data: Record<string, unknown>) => (seen.push(...Object.keys(data)), data);
    const { sessions } = withSchema(Shop, 2, look, { store });
    expect((await found(sessions, id)).visits).toBe(1);
    expect(seen).toEqual(['visits']);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});

describe('a session of a later schemaVersion', () => {
  it.each([
    ['drop', 'drop' as const],
    ['a function', (): Record<string, unknown> => ({})],
  ])('is neither dropped nor migrated, with %s', async (_, onInvalidData) => {
    const { store, id } = await storedLater({ name: ['ada'] });
    const { sessions } = withSchema(shop, 1, onInvalidData, { store });
    const session = await found(sessions, id);
    expect(() => session.name as unknown).toThrow(
      'session.name does not match the schema as stored (schemaVersion 2, here 1). A newer version of the application stored it',
    );
    session.cart = [];
    expect((await failureOf(() => session.save())).paths).toEqual(['name']);
    expect(await store.load(id)).toMatchObject({ schemaVersion: 2, attributes: new Map([['name', '["ada"]']]) }); // prettier-ignore
  });

  it('can be read and written if it matches, and stays of that version', async () => {
    const { store, id } = await storedLater({ name: 'ada', since: 2 });
    const { sessions } = withSchema(shop, 1, () => ({}), { store });
    const session = await found(sessions, id);
    expect(session.name).toBe('ada');
    session.name = 'grace';
    await session.save();
    expect(await store.load(id)).toMatchObject({ schemaVersion: 2 });
    expect({ ...(await found(repositoryOf(store), id)) }).toEqual({ name: 'grace', since: 2 });
  });
});
