import { describe, expect, it } from '@jest/globals';
import { Figures } from './figures.js';
import { Random } from './random.js';
import { SessionInspection } from './session-inspection.js';
import type { SoakReply } from './soak-client.js';
import { actions, type SoakSite } from './soak-site.js';
import { SoakSession } from './soak-session.js';
import { Tab } from './tab.js';

type Answer = Pick<SoakReply, 'status'> & Partial<SoakReply>;

const sight = (attributes: object = {}) => ({ id: 'id', idle: 3600, attributes, endedAt: Date.now() });
const well: Answer = { status: 200, body: sight() };
const unavailable: Answer = { status: 503 };
const missing: Answer = { status: 410 };
const refused = (code: string): Answer => ({ status: 409, body: { code } });

/** A session of which the answers are given; each request takes 10 ms, one after the other. */
function given(...answers: Answer[]) {
  const figures = new Figures();
  let now = 0;
  const site = {
    figures,
    calm: false,
    send: () => {
      const begin = Math.max(now, performance.now());
      now = begin + 10;
      return Promise.resolve({ body: undefined, credential: undefined, begin, end: now, ...answers.shift() });
    },
  } as unknown as SoakSite;
  // No write is marked to be lost.
  const random = Object.assign(new Random(1), { chance: () => false });
  const session = new SoakSession(site, random, 'v0-1.', 'id', 'first');
  const tab = new Tab(session, random, 0);
  const objections = () => figures.violations.all.map(({ what }) => what);
  return { session, tab, site, objections };
}

describe('the checker of the soak', () => {
  it('has nothing against a session that is used, rotated and ended', async () => {
    const { session, objections } = given(
      well,
      { ...well, credential: 'second' },
      well,
      { ...well, credential: '' },
      missing,
    );
    await session.request(actions.read);
    await session.request(actions.rotate);
    expect(session.credential).toBe('second');
    await session.request(actions.read);
    await session.request(actions.destroy);
    await session.request(actions.read);
    expect(objections()).toEqual([]);
  });

  it('objects to a session that is gone, and nobody ended it', async () => {
    const { session, objections } = given(unavailable, missing);
    await session.request(actions.set, {});
    await session.request(actions.read);
    expect(objections()).toEqual(['session v0-1.: it is gone, and nobody ended it']);
  });

  it('does not take a logout that found nothing for the reason', async () => {
    const { session, objections } = given(missing);
    await session.request(actions.destroy);
    expect(objections()).toEqual(['session v0-1.: it is gone, and nobody ended it']);
  });

  it('accepts either after a logout that failed, but not a return', async () => {
    const { session, objections } = given(unavailable, well, missing, well);
    await session.request(actions.destroy);
    await session.request(actions.read);
    await session.request(actions.read);
    expect(objections()).toEqual([]);
    await session.request(actions.read);
    expect(objections()).toHaveLength(1);
  });

  it('asks again while nothing is wrong, and takes what is answered then', async () => {
    const { session, site, objections } = given(unavailable, unavailable, well, missing);
    site.calm = true;
    await session.request(actions.read);
    expect(objections()).toEqual([]);
    await session.request(actions.read);
    expect(objections()).toEqual(['session v0-1.: it is gone, and nobody ended it']);
  });

  it('objects to a session that is back', async () => {
    const { session, objections } = given({ ...well, credential: '' }, well);
    await session.request(actions.destroy);
    await session.request(actions.read);
    expect(objections()).toEqual(['session v0-1.: it is back, and was ended before']);
  });

  it('objects to a credential that was rotated away and opens the session', async () => {
    const { session, objections } = given({ ...well, credential: 'second' }, well);
    await session.request(actions.rotate);
    await session.request(actions.read, undefined, 'first');
    expect(objections()).toEqual(['session v0-1.: a credential opened it that was rotated away before']);
  });

  it('objects to two rotations of one credential', async () => {
    const { session, objections } = given(
      { ...well, begin: 0, credential: 'second' },
      { ...well, begin: 0, credential: 'third' },
    );
    await session.request(actions.rotate);
    await session.request(actions.rotate, {}, 'first');
    expect(objections()).toEqual(['session v0-1.: two rotations of one credential were acknowledged']);
  });

  describe('after a rotation that was answered with 503', () => {
    const lost = { ...unavailable, credential: 'first.second' };
    const stranger = {
      expiry: () => Promise.resolve(-1),
      holds: () => Promise.resolve('another secret' as const),
    };
    const inspection = new SessionInspection(stranger, 0);
    const always = Array.from({ length: 100 }, () => missing);

    it('has nothing against a credential that opens the session later', async () => {
      const { session, objections } = given(lost, missing, missing, well, missing);
      await session.request(actions.rotate);
      await session.request(actions.read);
      expect(session.over).toBe(true);
      await inspection.of(session);
      expect([session.over, objections()]).toEqual([false, []]);
      await session.request(actions.read);
      expect(objections()).toEqual(['session v0-1.: it is gone, and nobody ended it']);
    });

    it('objects to a visitor who stays locked out', async () => {
      const { session, objections } = given(lost, ...always);
      await session.request(actions.rotate);
      await session.request(actions.read);
      await inspection.of(session);
      expect(objections()).toEqual([
        'session v0-1.: its visitor is locked out after a rotation that was answered with 503',
      ]);
    });

    it('accepts that if the application has ended, which sends the rotation again', async () => {
      const { session, objections } = given({ ...lost, restarted: () => true }, ...always);
      await session.request(actions.rotate);
      await session.request(actions.read);
      await inspection.of(session);
      expect([session.over, objections()]).toEqual([true, []]);
    });

    it.each([
      ['lost its reply, too', { ...unavailable, credential: 'first.third' }],
      ['was acknowledged', { ...well, credential: 'first.third' }],
    ])('accepts that if another rotation of the same credential %s', async (_, other) => {
      const { session, objections } = given(other, lost, ...always);
      await Promise.all([session.request(actions.rotate), session.request(actions.rotate)]);
      await session.request(actions.read);
      await inspection.of(session);
      expect([session.over, objections()]).toEqual([true, []]);
    });

    it('does not accept that because of a rotation that was refused or could not begin', async () => {
      const { session, objections } = given(unavailable, refused('SESSION_CONFLICT'), lost, ...always);
      await Promise.all([1, 2, 3].map(() => session.request(actions.rotate)));
      await session.request(actions.read);
      await inspection.of(session);
      expect(objections()).toEqual([
        'session v0-1.: its visitor is locked out after a rotation that was answered with 503',
      ]);
    });
  });

  it('objects to a conflict without a rotation, and to an end without a logout', async () => {
    const { session, objections } = given(refused('SESSION_CONFLICT'), refused('SESSION_GONE'));
    await session.request(actions.rotate);
    await session.request(actions.set);
    expect(objections()).toEqual([
      'session v0-1.: its credential was replaced, and nobody rotated it',
      'session v0-1.: it is gone, and nobody ended it',
    ]);
  });

  it("objects to another session's data, to another id and to an error that no fault explains", async () => {
    const { session, objections } = given(
      { ...well, body: sight({ a0: 'v0-12./0.1' }) },
      { ...well, body: { ...sight(), id: 'other' } },
      { status: 500, body: 'TypeError' },
    );
    for (let request = 0; request < 3; request++) await session.request(actions.read);
    expect(objections()).toEqual([
      "session v0-1.: it holds another session's data",
      'session v0-1.: it has become the session other',
      'session v0-1.: an answer of 500: "TypeError"',
    ]);
  });

  it('objects to an acknowledged write that is not there', async () => {
    const { tab, objections } = given(
      { ...well, body: sight({ a0: 'v0-1./0.1', b0: 'v0-1./0.2' }) },
      { ...well, body: sight({ a0: 'v0-1./0.1' }) },
    );
    await tab.save();
    await tab.read();
    expect(objections()).toEqual(['session v0-1.: b0 is null, and not "v0-1./0.2"']);
  });

  it('accepts what a request stored itself before the rest of it was refused', async () => {
    const { session, tab, objections } = given(
      { ...well, credential: 'second' },
      refused('SESSION_CONFLICT'),
      { ...well, body: sight({ a0: 'v0-1./0.1' }) },
    );
    await Promise.all([session.request(actions.rotate), tab.save()]);
    await tab.read();
    expect(objections()).toEqual([]);
  });

  it('objects to half of a write', async () => {
    const { tab, objections } = given({ ...well, body: sight({ x0: 'v0-1./0.1' }) });
    await tab.read();
    expect(objections()[0]).toBe('session v0-1.: one half of a write is there, and not the other');
  });

  it('objects to a deep change that forgets one before', async () => {
    const { tab, objections } = given(
      { ...well, body: sight({ list0: ['v0-1./0.1'] }) },
      { ...well, body: sight({ list0: ['v0-1./0.2'] }) },
    );
    await tab.push();
    await tab.push();
    expect(objections()[0]).toContain('list0 is ["v0-1./0.2"], and not ["v0-1./0.1","v0-1./0.2"]');
  });
});
