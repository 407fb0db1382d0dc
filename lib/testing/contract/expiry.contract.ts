import type { NewSessionRecord, SessionStore } from '../../session/session-store.js';
import { attributesOf, changes, LONG, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

const longIdle = { defaultIdleTimeoutInMilliseconds: LONG };
const afterTouch = (attributes: Record<string, string | undefined>) => changes(attributes, { touched: true });

/** What slides the expiry of a session, and what ends it nevertheless. */
export function describeExpiry({ harness, describe, it, expect, times }: Contract): void {
  const shortIdle = { defaultIdleTimeoutInMilliseconds: times.short };

  async function created(rest: Partial<NewSessionRecord>): Promise<{ store: SessionStore; id: string }> {
    const { store } = harness();
    const session = newSession({ a: '1' }, rest);
    await store.create(session);
    return { store, id: session.id };
  }

  describe('the idle timeout', () => {
    it('ends an unused session for load, save, touch and destroy', async () => {
      const sessions = await Promise.all([1, 2, 3, 4].map(() => created(shortIdle)));
      const [loaded, saved, touched, destroyed] = sessions.map(({ id }) => id);
      const { store } = harness();
      await harness().elapse(times.past);
      expect(await store.load(loaded!)).toBeUndefined();
      expect(await store.save(saved!, changes({ a: '2' }))).toBe('gone');
      expect(await store.touch(touched!, { defaultIdleTimeoutInMilliseconds: LONG })).toBe(false);
      expect(await store.destroy(destroyed!)).toBe(false);
      const after = await Promise.all(sessions.map(({ id }) => store.load(id)));
      expect(after).toEqual([undefined, undefined, undefined, undefined]);
    });

    it('frees the id, with nothing left of the old session', async () => {
      const { store, id } = await created({ ...shortIdle, idleTimeoutInMilliseconds: times.short });
      await harness().elapse(times.past);
      const next = newSession({ b: '2' }, { id });
      const createdAt = await store.create(next);
      expect(await store.load(id)).toEqual({
        id,
        secretHash: next.secretHash,
        createdAt,
        idleTimeoutInMilliseconds: undefined,
        expiresAt: undefined,
        attributes: next.attributes,
      });
    });

    it('is not slid by a load', async () => {
      const { store, id } = await created(shortIdle);
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeDefined();
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeUndefined();
    });

    it('is slid by a touch, which writes no data', async () => {
      const { store, id } = await created(shortIdle);
      const before = await store.load(id);
      await harness().elapse(times.part);
      expect(await store.touch(id, { defaultIdleTimeoutInMilliseconds: times.short })).toBe(true);
      await harness().elapse(times.part);
      expect(await store.load(id)).toEqual(before);
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('lasts from a touch for as long as the touch says', async () => {
      const { store, id } = await created({});
      expect(await store.touch(id, { defaultIdleTimeoutInMilliseconds: times.short })).toBe(true);
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('slides for each session of several touches at once, by its own timeouts', async () => {
      const { store } = harness();
      const [short, long, ending] = await Promise.all([
        created({}),
        created(shortIdle),
        created({ absoluteTimeoutInMilliseconds: times.short }),
      ]);
      const { expiresAt } = (await store.load(ending.id))!;
      const touched = await Promise.all([
        store.touch(short.id, { defaultIdleTimeoutInMilliseconds: times.short }),
        store.touch('AAAAAAAAAAAAAAAAAAAAAA', { defaultIdleTimeoutInMilliseconds: LONG }),
        store.touch(ending.id, { defaultIdleTimeoutInMilliseconds: LONG, expiresAt }),
        store.touch(long.id, { defaultIdleTimeoutInMilliseconds: LONG }),
      ]);
      expect(touched).toEqual([true, false, true, true]);
      await harness().elapse(times.past);
      const left = await Promise.all([short, long, ending].map(({ id }) => attributesOf(store, id)));
      expect(left).toEqual([undefined, new Map([['a', '1']]), undefined]);
    });

    it.each([
      ['a save', changes({ a: '2' }, shortIdle)],
      ['a save that changes nothing', changes({}, shortIdle)],
      ['a save that removes the last attribute', changes({ a: undefined }, shortIdle)],
    ])('is slid by %s', async (_, save) => {
      const { store, id } = await created(shortIdle);
      await harness().elapse(times.part);
      expect(await store.save(id, save)).toBe('saved');
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeDefined();
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it.each([
      ['conflict', { secretHash: newHash(), newSecretHash: newHash() }],
      ['lock-lost', { lock: { token: newHash(), release: true } }],
    ])('is not slid by a save that ends in %s', async (outcome, rest) => {
      const { store, id } = await created(shortIdle);
      await harness().elapse(times.part);
      expect(await store.save(id, changes({ a: '2' }, rest))).toBe(outcome);
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeUndefined();
    });

    it('is not slid by a create that finds the id taken', async () => {
      const { store, id } = await created(shortIdle);
      await harness().elapse(times.part);
      expect(await store.create(newSession({}, { id }))).toBeUndefined();
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('a session’s own idle timeout', () => {
    it('can end the session before the default timeout', async () => {
      const { store, id } = await created({ idleTimeoutInMilliseconds: times.short });
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('can outlast the default timeout, after later saves, too', async () => {
      const { store, id } = await created({ ...shortIdle, idleTimeoutInMilliseconds: LONG });
      await harness().elapse(times.past);
      expect(await store.save(id, changes({ a: '2' }, shortIdle))).toBe('saved');
      await harness().elapse(times.past);
      expect(await store.load(id)).toMatchObject({ idleTimeoutInMilliseconds: LONG });
    });

    it('is kept and applied by a save without one', async () => {
      const { store, id } = await created({ idleTimeoutInMilliseconds: times.short });
      expect(await store.save(id, changes({ a: '2' }))).toBe('saved');
      expect(await store.load(id)).toMatchObject({ idleTimeoutInMilliseconds: times.short });
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('counts from the save that sets it', async () => {
      const { store, id } = await created({});
      expect(await store.save(id, changes({}, { idleTimeoutInMilliseconds: times.short }))).toBe('saved');
      expect(await store.load(id)).toMatchObject({ idleTimeoutInMilliseconds: times.short });
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('a save of a session that was touched just before', () => {
    it('writes every change', async () => {
      const { store, id } = await created({});
      expect(await store.save(id, afterTouch({ a: '2', b: '2' }))).toBe('saved');
      expect(await store.save(id, afterTouch({ a: undefined, c: '3' }))).toBe('saved');
      expect(await store.save(id, afterTouch({}))).toBe('saved');
      expect(await attributesOf(store, id)).toEqual(
        new Map([
          ['b', '2'],
          ['c', '3'],
        ]),
      );
    });

    it.each([
      ['its own idle timeout', { idleTimeoutInMilliseconds: times.short }],
      ['its absolute deadline', { absoluteTimeoutInMilliseconds: times.short }],
    ])('does not extend the session past %s', async (_, rest) => {
      const { store, id } = await created(rest);
      await harness().elapse(times.part);
      const { idleTimeoutInMilliseconds, expiresAt } = (await store.load(id))!;
      expect(await store.touch(id, { ...longIdle, idleTimeoutInMilliseconds, expiresAt })).toBe(true);
      expect(await store.save(id, afterTouch({ a: '2' }))).toBe('saved');
      expect(await attributesOf(store, id)).toEqual(new Map([['a', '2']]));
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('does not shorten a session with a longer idle timeout', async () => {
      const { store, id } = await created({ ...shortIdle, idleTimeoutInMilliseconds: LONG });
      expect(await store.save(id, changes({ a: '2' }, { ...shortIdle, touched: true }))).toBe('saved');
      await harness().elapse(times.past);
      expect(await attributesOf(store, id)).toEqual(new Map([['a', '2']]));
    });

    it('applies an idle timeout that it sets', async () => {
      const { store, id } = await created({});
      const own = { idleTimeoutInMilliseconds: times.short, touched: true };
      expect(await store.save(id, changes({ a: '2' }, own))).toBe('saved');
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('timeouts that another request has set meanwhile', () => {
    it('apply to a save that does not know them', async () => {
      const { store, id } = await created({});
      expect(await store.save(id, changes({}, { idleTimeoutInMilliseconds: times.short }))).toBe('saved');
      expect(await store.save(id, changes({ a: '2' }))).toBe('saved');
      expect(await store.load(id)).toMatchObject({ idleTimeoutInMilliseconds: times.short });
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('a touch with other timeouts than the stored ones', () => {
    it.each([
      ['the application’s', { defaultIdleTimeoutInMilliseconds: times.short }],
      [
        'an own one that was longer since',
        { defaultIdleTimeoutInMilliseconds: times.short, idleTimeoutInMilliseconds: times.short },
      ],
    ])('does not shorten a session with a longer idle timeout: %s', async (_, touch) => {
      const { store, id } = await created({ idleTimeoutInMilliseconds: LONG });
      expect(await store.touch(id, touch)).toBe(true);
      await harness().elapse(times.past);
      expect(await attributesOf(store, id)).toEqual(new Map([['a', '1']]));
    });

    it('slides a session by its own timeout if that is shorter', async () => {
      const { store, id } = await created({ idleTimeoutInMilliseconds: times.short });
      const own = { ...longIdle, idleTimeoutInMilliseconds: times.short };
      expect(await store.touch(id, own)).toBe(true);
      await harness().elapse(times.part);
      expect(await store.touch(id, own)).toBe(true);
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeDefined();
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('applies a default timeout that was lowered', async () => {
      const { store, id } = await created({});
      expect(await store.touch(id, shortIdle)).toBe(true);
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('an absolute timeout that was enabled or lowered after the session was created', () => {
    const absolute = { ...longIdle, absoluteTimeoutInMilliseconds: times.short };
    const older = [
      ['none', {}],
      ['a longer one', { absoluteTimeoutInMilliseconds: LONG }],
    ] as const;

    it.each(older)('counts from the creation of the session, before there was %s', async (_, rest) => {
      const [touched, saved] = await Promise.all([created(rest), created(rest)]);
      const { store } = harness();
      await harness().elapse(times.part);
      expect(await store.touch(touched.id, absolute)).toBe(true);
      expect(await store.save(saved.id, changes({ a: '2' }, absolute))).toBe('saved');
      await harness().elapse(times.part);
      expect(await Promise.all([store.load(touched.id), store.load(saved.id)])).toEqual([
        undefined,
        undefined,
      ]);
    });

    it.each(older)('ends an older session for touch and save, before there was %s', async (_, rest) => {
      const [touched, saved] = await Promise.all([created(rest), created(rest)]);
      const { store } = harness();
      await harness().elapse(times.past);
      expect(await store.touch(touched.id, absolute)).toBe(false);
      expect(await store.save(saved.id, changes({ a: '2' }, absolute))).toBe('gone');
      expect(await store.load(touched.id)).toBeUndefined();
    });

    it('does not extend a session that was created with a shorter one', async () => {
      const { store, id } = await created({ absoluteTimeoutInMilliseconds: times.short });
      expect(await store.touch(id, { ...longIdle, absoluteTimeoutInMilliseconds: LONG })).toBe(true);
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });
  });

  describe('the absolute deadline', () => {
    const deadline = { absoluteTimeoutInMilliseconds: times.short };

    it('ends a session however long its idle timeout is', async () => {
      const { store, id } = await created({ ...deadline, idleTimeoutInMilliseconds: LONG });
      await harness().elapse(times.past);
      expect(await store.load(id)).toBeUndefined();
    });

    it('ends a session that is saved repeatedly', async () => {
      const { store, id } = await created(deadline);
      const before = await store.load(id);
      await harness().elapse(times.part);
      expect(await store.save(id, changes({ a: '2' }, { idleTimeoutInMilliseconds: LONG }))).toBe('saved');
      expect((await store.load(id))?.expiresAt).toBe(before!.expiresAt);
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeUndefined();
    });

    it('ends a session that is saved repeatedly without an absolute timeout of the application', async () => {
      const { store, id } = await created(deadline);
      await harness().elapse(times.part);
      expect(await store.save(id, changes({ a: '2' }))).toBe('saved');
      expect(await attributesOf(store, id)).toEqual(new Map([['a', '2']]));
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeUndefined();
    });

    it('ends a session that is touched repeatedly', async () => {
      const { store, id } = await created(deadline);
      const { expiresAt } = (await store.load(id))!;
      await harness().elapse(times.part);
      expect(await store.touch(id, { defaultIdleTimeoutInMilliseconds: LONG, expiresAt })).toBe(true);
      expect(await attributesOf(store, id)).toEqual(new Map([['a', '1']]));
      await harness().elapse(times.part);
      expect(await store.load(id)).toBeUndefined();
    });

    it('ends a session whose secret was rotated', async () => {
      const { store } = harness();
      const session = newSession({}, deadline);
      await store.create(session);
      await harness().elapse(times.part);
      const rotate = { secretHash: session.secretHash, newSecretHash: newHash() };
      expect(await store.save(session.id, changes({}, rotate))).toBe('saved');
      await harness().elapse(times.part);
      expect(await store.load(session.id)).toBeUndefined();
    });

    it('does not extend a shorter idle timeout', async () => {
      const far = { ...shortIdle, absoluteTimeoutInMilliseconds: LONG };
      const [untouched, saved, touched] = await Promise.all([created(far), created(far), created(far)]);
      const { expiresAt } = (await touched.store.load(touched.id))!;
      expect(await saved.store.save(saved.id, changes({ a: '2' }, shortIdle))).toBe('saved');
      expect(
        await touched.store.touch(touched.id, { defaultIdleTimeoutInMilliseconds: times.short, expiresAt }),
      ).toBe(true);
      await harness().elapse(times.past);
      const loads = [untouched, saved, touched].map(({ store, id }) => store.load(id));
      expect(await Promise.all(loads)).toEqual([undefined, undefined, undefined]);
    });
  });
}

/** Telling how long a session still lives: for stores with `remaining`. */
export function describeRemaining({ harness, describe, it, expect, times }: Contract): void {
  describe('the time that a session has left', () => {
    it('is told without sliding it, until the session has ended', async () => {
      const { store } = harness();
      const session = newSession({}, { defaultIdleTimeoutInMilliseconds: times.short });
      await store.create(session);
      const first = await store.remaining!(session.id);
      expect(first).toBeGreaterThan(0);
      expect(first).toBeLessThanOrEqual(times.short);
      await harness().elapse(times.part);
      expect(await store.remaining!(session.id)).toBeLessThan(first!);
      await harness().elapse(times.past);
      expect(await store.remaining!(session.id)).toBeUndefined();
    });
  });
}
