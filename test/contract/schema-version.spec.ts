import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { changes, newSession } from '../../lib/testing/contract/records.js';
import { stores, type StoreUnderTest } from '../session/session-fixture.js';

describe.each(stores)('the version of the schema, in the %s store', (_, open) => {
  let opened: StoreUnderTest;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());

  it.each([
    ['', {}],
    [' under an absolute timeout', { absoluteTimeoutInMilliseconds: 60_000 }],
  ])('is loaded with the session, and changes only when a save says so%s', async (_timeout, timeouts) => {
    const { store } = opened;
    const plain = newSession({ a: '1' }, timeouts);
    const versioned = newSession({ a: '1' }, { ...timeouts, schemaVersion: 1 });
    await Promise.all([store.create(plain), store.create(versioned)]);
    await store.save(versioned.id, { ...changes({ a: '2' }), ...timeouts });
    expect((await store.load(plain.id))?.schemaVersion).toBeUndefined();
    expect(await store.load(versioned.id)).toMatchObject({ schemaVersion: 1 });

    await store.save(versioned.id, { ...changes({ b: '1', a: undefined }), ...timeouts, schemaVersion: 2 });
    await store.save(plain.id, { ...changes(), ...timeouts, schemaVersion: 3 });
    const attributes = new Map([['b', '1']]);
    expect(await store.load(versioned.id)).toMatchObject({ schemaVersion: 2, attributes });
    expect(await store.load(plain.id)).toMatchObject({ schemaVersion: 3, attributes: plain.attributes });
  });
});
