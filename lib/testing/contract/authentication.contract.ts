import type { AuthenticationChange, NewSessionRecord } from '../../session/session-store.js';
import { changes, LONG, newHash, newSession } from './records.js';
import type { Contract } from './contract.js';

/** When the user of a session authenticated, and what starts again then. */
export function describeAuthentication({ harness, describe, it, expect, times }: Contract): void {
  async function created(rest: Partial<NewSessionRecord> = {}): Promise<NewSessionRecord> {
    const session = newSession({ a: '1' }, rest);
    await harness().store.create(session);
    return session;
  }
  const load = (id: string) => harness().store.load(id);
  const note = (id: string, authentication: AuthenticationChange, rest: object = {}) =>
    harness().store.save(id, changes({}, { authentication, ...rest }));

  const changing = [
    ['bound', undefined],
    ['renewed', undefined],
  ] as const;

  describe('the time of an authentication', () => {
    it('is undefined until a write notes it', async () => {
      const { id } = await created();
      await harness().store.save(id, changes({ a: '2' }));
      expect((await load(id))!.authenticatedAt).toBeUndefined();
    });

    it('is that of the creation if the session is created with it', async () => {
      const { id } = await created({ authenticated: true });
      const { authenticatedAt, createdAt, restartedAt } = (await load(id))!;
      expect([authenticatedAt, restartedAt]).toEqual([createdAt, undefined]);
    });

    it.each(changing)('is that of the write, by the same clock: %s', async (what) => {
      const { id } = await created();
      await harness().elapse(2);
      expect(await note(id, what)).toBe('saved');
      const { authenticatedAt, createdAt } = (await load(id))!;
      expect(authenticatedAt).toBeGreaterThan(createdAt);
      expect(authenticatedAt! - createdAt).toBeLessThan(LONG);
    });

    it('stays over saves, touches and rotations', async () => {
      const session = await created({ authenticated: true });
      const { authenticatedAt } = (await load(session.id))!;
      await harness().elapse(2);
      const { store } = harness();
      await store.save(session.id, changes({ a: '2' }));
      await store.touch(session.id, { defaultIdleTimeoutInMilliseconds: LONG });
      await store.save(
        session.id,
        changes({ a: undefined }, { secretHash: session.secretHash, newSecretHash: newHash() }),
      );
      expect((await load(session.id))!.authenticatedAt).toBe(authenticatedAt);
    });

    it('is forgotten when the session has no user any more', async () => {
      const { id } = await created({ authenticated: true });
      expect(await note(id, 'ended')).toBe('saved');
      expect((await load(id))!.authenticatedAt).toBeUndefined();
    });

    it('is stored with the other changes of the write', async () => {
      const { id } = await created();
      await harness().store.save(id, changes({ b: '2' }, { authentication: 'bound', touched: true }));
      expect(await load(id)).toMatchObject({
        authenticatedAt: expect.any(Number),
        attributes: new Map([
          ['a', '1'],
          ['b', '2'],
        ]),
      });
    });

    it('does not change if the write is refused, or sent again', async () => {
      const { id, secretHash } = await created();
      const rotate = { secretHash, newSecretHash: newHash() };
      expect(await note(id, 'renewed', rotate)).toBe('saved');
      const before = await load(id);
      await harness().elapse(2);
      expect(await note(id, 'renewed', rotate)).toBe('saved');
      expect(await note(id, 'renewed', { secretHash, newSecretHash: newHash() })).toBe('conflict');
      expect(await note(id, 'ended', { secretHash })).toBe('conflict');
      expect(await load(id)).toEqual(before);
    });
  });

  describe('an authentication that renews the session', () => {
    const absolute = { absoluteTimeoutInMilliseconds: times.short };

    it('starts the absolute timeout again, and no later write changes its end', async () => {
      const { store } = harness();
      const { id } = await created(absolute);
      await harness().elapse(times.part);
      expect(await note(id, 'renewed', absolute)).toBe('saved');
      const { authenticatedAt, expiresAt, restartedAt } = (await load(id))!;
      expect([restartedAt, expiresAt]).toEqual([authenticatedAt, authenticatedAt! + times.short]);
      await harness().elapse(times.part);
      expect(await store.touch(id, { defaultIdleTimeoutInMilliseconds: LONG, ...absolute })).toBe(true);
      expect(await store.save(id, changes({ a: '2' }, absolute))).toBe('saved');
      expect((await load(id))!.expiresAt).toBe(expiresAt);
      await harness().elapse(times.part);
      expect(await load(id)).toBeUndefined();
    });

    it('starts an absolute timeout again that was enabled after the session was created', async () => {
      const { store } = harness();
      const { id } = await created();
      await harness().elapse(times.part);
      expect(await note(id, 'renewed', absolute)).toBe('saved');
      await harness().elapse(times.part);
      expect(await store.touch(id, { defaultIdleTimeoutInMilliseconds: LONG, ...absolute })).toBe(true);
      await harness().elapse(times.part);
      expect(await load(id)).toBeUndefined();
    });

    it('starts the idle timeout again', async () => {
      const idle = { defaultIdleTimeoutInMilliseconds: times.short };
      const { id } = await created(idle);
      await harness().elapse(times.part);
      expect(await note(id, 'renewed', { ...idle, touched: true })).toBe('saved');
      await harness().elapse(times.part);
      expect(await load(id)).toBeDefined();
      await harness().elapse(times.part);
      expect(await load(id)).toBeUndefined();
    });

    it('leaves the session its own idle timeout', async () => {
      const { id } = await created({ idleTimeoutInMilliseconds: times.short });
      expect(await note(id, 'renewed')).toBe('saved');
      await harness().elapse(times.past);
      expect(await load(id)).toBeUndefined();
    });

    it('does not bring back a session whose absolute timeout has passed', async () => {
      const { id } = await created();
      await harness().elapse(times.past);
      expect(await note(id, 'renewed', absolute)).toBe('gone');
    });

    it('is the only one that does so: binding a user leaves the end', async () => {
      const { id } = await created(absolute);
      const { expiresAt } = (await load(id))!;
      await harness().elapse(times.part);
      expect(await note(id, 'bound', absolute)).toBe('saved');
      const after = (await load(id))!;
      expect([after.expiresAt, after.restartedAt]).toEqual([expiresAt, undefined]);
      await harness().elapse(times.part);
      expect(await load(id)).toBeUndefined();
    });
  });
}
