import { attributesOf, changes, newSession } from './records.js';
import type { Contract } from './contract.js';

const MANY = 9_000; // more than the 8,000 values that Lua's unpack() can take

const odd = new Map<string, string>([
  ['__proto__', '{"polluted":true}'],
  ['constructor', '"constructor"'],
  ['prototype', '"prototype"'],
  ['toString', '"toString"'],
  ['hasOwnProperty', '"hasOwnProperty"'],
  ['', '"a name of no letters"'],
  [' ', '"a space"'],
  ['two words', '"two words"'],
  ['line\nbreak\r\n', '"line break"'],
  ['nul\u0000byte', '"nul byte"'],
  ['größe 尺寸 👩‍🚀', '"größe 尺寸 👩‍🚀"'],
  ['42', '42'],
  ['empty text', ''],
  ['text that looks like JSON of nothing', 'null'],
  ['n'.repeat(300), '"a long name"'],
  ['63 bytes', 'b'.repeat(63)],
  ['64 bytes', 'b'.repeat(64)],
  ['65 bytes', 'b'.repeat(65)],
  ['two-byte letters', 'ü'.repeat(100)],
]);

/** Attributes are stored one by one, under any name, and returned unchanged. */
export function describeAttributes({ harness, describe, it, expect }: Contract): void {
  describe('saving some attributes', () => {
    it('writes only these', async () => {
      const { store } = harness();
      const session = newSession({ kept: '1', changed: '1', removed: '1' });
      await store.create(session);
      const late = changes({ changed: '2', added: '2', removed: undefined });
      expect(await store.save(session.id, late)).toBe('saved');
      expect(await store.load(session.id)).toMatchObject({
        secretHash: session.secretHash,
        attributes: new Map(Object.entries({ kept: '1', changed: '2', added: '2' })),
      });
    });

    it('keeps the changes of concurrent requests to different attributes', async () => {
      const { store } = harness();
      const session = newSession({ kept: '1' });
      await store.create(session);
      const names = Array.from({ length: 50 }, (_, n) => `attribute${n}`);
      const outcomes = await Promise.all(
        names.map((name) => store.save(session.id, changes({ [name]: name }))),
      );
      expect(new Set(outcomes)).toEqual(new Set(['saved']));
      expect(await attributesOf(store, session.id)).toEqual(
        new Map([['kept', '1'], ...names.map((name) => [name, name] as const)]),
      );
    });

    it('can remove an attribute that does not exist', async () => {
      const { store } = harness();
      const session = newSession({ kept: '1' });
      await store.create(session);
      expect(await store.save(session.id, changes({ never: undefined }))).toBe('saved');
      expect(await attributesOf(store, session.id)).toEqual(session.attributes);
    });

    it('can remove all attributes, and the session still exists', async () => {
      const { store } = harness();
      const session = newSession({ a: '1', b: '1' });
      await store.create(session);
      expect(await store.save(session.id, changes({ a: undefined, b: undefined }))).toBe('saved');
      expect(await attributesOf(store, session.id)).toEqual(new Map());
      expect(await store.touch(session.id, { defaultIdleTimeoutInMilliseconds: 10_000 })).toBe(true);
    });

    it('can change nothing', async () => {
      const { store } = harness();
      const session = newSession({ kept: '1' });
      await store.create(session);
      const before = await store.load(session.id);
      expect(await store.save(session.id, changes())).toBe('saved');
      expect(await store.load(session.id)).toEqual(before);
    });
  });

  describe('a loaded session', () => {
    it('is a copy, whose changes are not stored until they are saved', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const loaded = (await store.load(session.id))!;
      loaded.attributes.set('a', '2').set('b', '2');
      expect(await attributesOf(store, session.id)).toEqual(new Map([['a', '1']]));
    });

    it('does not change when another request saves', async () => {
      const { store } = harness();
      const session = newSession({ a: '1' });
      await store.create(session);
      const loaded = (await store.load(session.id))!;
      await store.save(session.id, changes({ a: '2' }));
      expect(loaded.attributes).toEqual(new Map([['a', '1']]));
    });

    it('does not change with the maps that it was written from', async () => {
      const { store } = harness();
      const given = new Map([['a', '1']]);
      const session = newSession(given);
      await store.create(session);
      given.set('a', '2');
      expect(await attributesOf(store, session.id)).toEqual(new Map([['a', '1']]));
    });
  });

  describe('attributes of any name and size', () => {
    it('are loaded as they were created', async () => {
      const { store } = harness();
      const session = newSession(odd);
      await store.create(session);
      expect(await attributesOf(store, session.id)).toEqual(odd);
      expect(Object.prototype).not.toHaveProperty('polluted');
    });

    it('are loaded as they were saved', async () => {
      const { store } = harness();
      const session = newSession();
      await store.create(session);
      expect(await store.save(session.id, changes(odd))).toBe('saved');
      expect(await attributesOf(store, session.id)).toEqual(odd);
    });

    it.each([...odd.keys()].map((name) => [JSON.stringify(name.slice(0, 40)), name]))(
      'can be removed one by one: %s',
      async (_, name) => {
        const { store } = harness();
        const session = newSession(odd);
        await store.create(session);
        expect(await store.save(session.id, changes(new Map([[name, undefined]])))).toBe('saved');
        const rest = new Map(odd);
        rest.delete(name);
        expect(await attributesOf(store, session.id)).toEqual(rest);
      },
    );

    it('can be a mebibyte long', async () => {
      const { store } = harness();
      const [first, second] = ['1'.repeat(1_048_576), '2'.repeat(1_048_576)];
      const session = newSession({ big: first });
      await store.create(session);
      // Compared outside of expect(), which would print them.
      expect((await attributesOf(store, session.id))?.get('big') === first).toBe(true);
      expect(await store.save(session.id, changes({ big: second }))).toBe('saved');
      expect((await attributesOf(store, session.id))?.get('big') === second).toBe(true);
    });

    it(`can be created, saved and removed ${MANY} at once`, async () => {
      const { store } = harness();
      const names = Array.from({ length: MANY }, (_, n) => `attribute${n}`);
      const all = <T>(text: T) => new Map(names.map((name) => [name, text]));
      const everyIs = async (text: string) => {
        const attributes = await attributesOf(store, session.id);
        return attributes?.size === MANY && names.every((name) => attributes.get(name) === text);
      };
      const session = newSession(all('1'));
      expect(await store.create(session)).toEqual(expect.any(Number));
      expect(await everyIs('1')).toBe(true);
      expect(await store.save(session.id, changes(all('2')))).toBe('saved');
      expect(await everyIs('2')).toBe(true);
      expect(await store.save(session.id, changes(all(undefined)))).toBe('saved');
      expect(await attributesOf(store, session.id)).toEqual(new Map());
    });
  });
}
