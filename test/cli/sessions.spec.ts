import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { SessionRepository } from 'nestjs-redis-session';
import { AttributeCipher, keysInMemory } from '../../lib/session/attribute-cipher.js';
import { newSessionId } from '../../lib/session/session-credential.js';
import { stored } from '../session/session-fixture.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { environmentOf, RecordedTerminal, run, runJson, sessionsIn } from './cli-fixture.js';

interface Listed {
  id: string;
  createdAt: number;
  unusedFor: number;
  endsIn: number;
  bytes: number;
  attributes: number;
  user?: string;
}

let server: RedisServer;
let application: string;
let env: Record<string, string>;
let sessions: SessionRepository;
beforeAll(async () => {
  server = await RedisServer.start();
});
afterAll(() => server.stop());
beforeEach(() => {
  application = uniqueName('shop');
  env = environmentOf(server, application);
  sessions = sessionsIn(server.client(), application);
});

const idsOf = (listed: { id: string }[]) => listed.map(({ id }) => id).toSorted();

describe('list', () => {
  it('shows the id, the times and the size of each session of the application, and of no other', async () => {
    const id = await stored(sessions, { cart: ['tea'], visits: 1 });
    await stored(sessionsIn(server.client(), uniqueName('desk')), { cart: [] });
    const { code, json } = await runJson<Listed[]>(['list'], env);
    expect(code).toBe(0);
    expect(json).toEqual([
      {
        id,
        createdAt: expect.any(Number),
        unusedFor: expect.any(Number),
        endsIn: expect.any(Number),
        bytes: 'cart["tea"]visits1'.length,
        attributes: 2,
      },
    ]);
    expect(json[0]!.endsIn).toBeGreaterThan(1_100_000);
    expect(json[0]!.endsIn).toBeLessThanOrEqual(1_200_000);
    expect(json[0]!.unusedFor).toBe(Math.min(1_200_000 - json[0]!.endsIn, json[0]!.unusedFor));
  });

  it('shows a table to people', async () => {
    const id = await stored(sessions, { cart: ['tea'] });
    const { code, shown, noted } = await run(['list'], env);
    expect(code).toBe(0);
    expect(shown).toMatch(
      new RegExp(
        `^ID +CREATED +UNUSED FOR +ENDS IN +ATTRIBUTES +SIZE\n${id} +[\\d-]{10}T[\\d:]{8}Z +\\d+ s +20 min +1 +11 B\n$`,
      ),
    );
    expect(noted).toBe(`1 session of "${application}"\n`);
  });

  it('reads every session once, also if there are more than one scan returns', async () => {
    const ids = await Promise.all(Array.from({ length: 620 }, () => stored(sessions, { a: 1 })));
    const { json } = await runJson<Listed[]>(['list'], env);
    expect(idsOf(json)).toEqual(ids.toSorted());
  });

  it('stops after --limit, and says that there are more', async () => {
    await Promise.all([1, 2, 3].map(() => stored(sessions, { a: 1 })));
    const { shown, noted } = await run(['list', '--limit', '2', '--json'], env);
    expect(JSON.parse(shown)).toHaveLength(2);
    expect(noted).toBe('Only the first 2 sessions. --limit shows more.\n');
  });

  it('shows the sessions of a user, and the user only on request', async () => {
    const id = await stored(sessions, { user: 'ada' });
    await stored(sessions, { user: 'bob' });
    const { json } = await runJson<Listed[]>(['list', '--user', 'ada'], env);
    expect(json.map(({ id: found, user }) => [found, user])).toEqual([[id, undefined]]);
    const withValues = await runJson<Listed[]>(['list', '--values'], env);
    expect(withValues.json.map(({ user }) => String(user)).toSorted()).toEqual(['ada', 'bob']);
  });

  it('keeps no session alive and changes nothing', async () => {
    const id = await stored(sessions, { a: 1 });
    await server.admin.pexpire(`{${application}_${id}}_Data`, 60_000);
    await server.resetStats();
    await run(['list'], env);
    await run(['show', id, '--values'], env);
    await run(['stats'], env);
    expect(await server.admin.pttl(`{${application}_${id}}_Data`)).toBeLessThanOrEqual(60_000);
    const sent = Object.keys(await server.commandStats()).filter(
      (name) => !/^(auth|hello|client)/.test(name),
    );
    expect(sent.toSorted()).toEqual(['hgetall', 'info', 'pttl', 'quit', 'scan']);
  });

  it('draws a bar while it scans, only if somebody watches', async () => {
    await stored(sessions, { a: 1 });
    const watched = new RecordedTerminal(undefined, true);
    await run(['list', '--json'], env, watched);
    // The last of it removes the bar.
    expect(watched.noted.endsWith('\r\u001b[K')).toBe(true);
    expect(watched.noted.slice(0, -4)).toMatch(/^\r\[[# ]{24}\] +\d+ % {2}\d+ sessions[^\n]*$/);
    expect((await run(['list', '--json'], env)).noted).toBe('');
    const destroying = new RecordedTerminal(undefined, true);
    await run(['destroy', '--all', '--yes'], env, destroying);
    expect(destroying.noted).toContain('sessions');
  });
});

describe('show', () => {
  it('shows names and sizes of the attributes, and no value', async () => {
    const id = await stored(sessions, { cart: ['tea'], user: 'ada' });
    const { code, shown } = await run(['show', id], env);
    expect(code).toBe(0);
    expect(shown).toMatch(/^ATTRIBUTE +BYTES\ncart +11\nuser +9\n/m);
    expect(shown).toContain('20 min');
    expect(shown).not.toMatch(/tea|ada/);
    const { json } = await runJson<object>(['show', id], env);
    expect(JSON.stringify(json)).not.toMatch(/tea|ada/);
  });

  it('shows values on request', async () => {
    const id = await stored(sessions, { cart: ['tea'], user: 'ada' });
    const { json } = await runJson<object>(['show', id, '--values'], env);
    expect(json).toMatchObject({
      id,
      user: 'ada',
      bytes: 20,
      attributes: [
        { name: 'cart', bytes: 11, encrypted: false, text: '["tea"]' },
        { name: 'user', bytes: 9, encrypted: false, text: '"ada"' },
      ],
    });
    expect((await run(['show', id, '--values'], env)).shown).toMatch(/^cart +11 +\["tea"\]$/m);
  });

  it('says that values are encrypted, instead of showing them', async () => {
    const cipher = new AttributeCipher(keysInMemory([randomBytes(32)]), application);
    const encrypted = sessionsIn(server.client(), application, { cipher } as object);
    const id = await stored(encrypted, { cart: ['tea'] });
    const { shown } = await run(['show', id, '--values'], env);
    expect(shown).toMatch(/^cart +\d+ +\(encrypted\)$/m);
    const { json } = await runJson<{ attributes: object[] }>(['show', id, '--values'], env);
    expect(json.attributes).toEqual([{ name: 'cart', bytes: expect.any(Number), encrypted: true }]);
  });

  it('never shows the hash of the secret', async () => {
    const id = await stored(sessions, { cart: [] });
    const hash = await server.admin.hget(`{${application}_${id}}_Data`, ':secret');
    expect(hash).toHaveLength(43);
    for (const args of [['list', '--values'], ['show', id, '--values'], ['stats']])
      for (const more of [[], ['--json']]) {
        const { code, shown, noted } = await run([...args, ...more], env);
        expect([code, `${shown}${noted}`.includes(hash!)]).toEqual([0, false]);
      }
  });

  it('ends with 1 if there is no such session', async () => {
    const id = newSessionId();
    expect(await run(['show', id, '--json'], env)).toEqual({
      code: 1,
      shown: '',
      noted: `"${application}" has no session ${id}: it has ended, or never existed.\n`,
    });
  });

  it('finds an id that begins like a flag', async () => {
    const id = `-${newSessionId().slice(1)}`;
    const { code, noted } = await run(['show', id, '--values'], env);
    expect([code, noted]).toEqual([1, expect.stringContaining(id)]);
  });

  it('cannot tell how long a session was unused if the application has a longer idle timeout', async () => {
    const id = await stored(sessionsIn(server.client(), application, { idleTimeoutInSeconds: 7200 }), {
      a: 1,
    });
    expect((await run(['show', id], env)).shown).toMatch(/^unused for +unknown$/m);
    const told = { ...env, REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS: '7200' };
    expect((await run(['show', id], told)).shown).toMatch(/^unused for +\d+ s$/m);
  });
});

describe('destroy', () => {
  it('ends a session by its id', async () => {
    const [id, other] = [await stored(sessions, { a: 1 }), await stored(sessions, { a: 1 })];
    expect(await run(['destroy', id], env)).toEqual({ code: 0, shown: '1 session ended.\n', noted: '' });
    expect(await sessions.find(id)).toBeUndefined();
    expect(await sessions.find(other)).toBeDefined();
    expect(await runJson(['destroy', id], env)).toEqual({ code: 1, json: { destroyed: 0 } });
  });

  it('ends the sessions of a user, if whoever is asked agrees', async () => {
    const ids = [await stored(sessions, { user: 'ada' }), await stored(sessions, { user: 'ada' })];
    const other = await stored(sessions, { user: 'bob' });
    const refusing = new RecordedTerminal('n');
    expect((await run(['destroy', '--user', 'ada'], env, refusing)).code).toBe(2);
    expect(refusing.questions).toEqual([`End the sessions of user "ada" of "${application}"? [y/N] `]);
    expect(await sessions.find(ids[0]!)).toBeDefined();
    const agreeing = new RecordedTerminal('y');
    expect(await run(['destroy', '--user', 'ada'], env, agreeing)).toMatchObject({
      code: 0,
      shown: '2 sessions ended.\n',
    });
    expect(await sessions.findByUser('ada')).toEqual([]);
    expect(await sessions.find(other)).toBeDefined();
  });

  it('ends nothing if nobody can be asked, unless --yes is given', async () => {
    const id = await stored(sessions, { user: 'ada' });
    for (const which of [['--all'], ['--user', 'ada']]) {
      const { code, noted } = await run(['destroy', ...which], env);
      expect([code, noted]).toEqual([2, expect.stringContaining('add --yes')]);
    }
    expect(await sessions.find(id)).toBeDefined();
    expect(await runJson(['destroy', '--all', '--yes'], env)).toEqual({ code: 0, json: { destroyed: 1 } });
    expect(await sessions.find(id)).toBeUndefined();
  });

  it('ends the encrypted sessions of a user without the keys', async () => {
    const cipher = new AttributeCipher(keysInMemory([randomBytes(32)]), application);
    const encrypted = sessionsIn(server.client(), application, { cipher } as object);
    const id = await stored(encrypted, { user: 'ada' });
    expect(await runJson(['destroy', '--user', 'ada', '--yes'], env)).toEqual({
      code: 0,
      json: { destroyed: 1 },
    });
    expect(await encrypted.find(id)).toBeUndefined();
  });

  it.each([
    ['nothing', []],
    ['an id and --all', [newSessionId(), '--all']],
    ['--user and --all', ['--user', 'ada', '--all']],
  ])('refuses %s', async (_which, args) => {
    const id = await stored(sessions, { user: 'ada' });
    const { code, noted } = await run(['destroy', '--yes', ...args], env);
    expect([code, noted]).toEqual([2, expect.stringContaining('only one of them')]);
    expect(await sessions.find(id)).toBeDefined();
  });
});

describe('stats', () => {
  it('counts sessions, bytes and idle times, and names the largest', async () => {
    const small = await stored(sessions, { a: 1 });
    const large = await stored(sessions, { user: 'ada', text: 'x'.repeat(1000) });
    await server.admin.pexpire(`{${application}_${small}}_Data`, 1_200_000 - 700_000);
    await server.admin.hset(`{${application}_${small}}_Data`, ':created', Date.now() - 900_000);
    const { code, json } = await runJson<object>(['stats'], env);
    expect(code).toBe(0);
    expect(json).toEqual({
      applicationName: application,
      sessions: 2,
      withUser: 1,
      encrypted: 0,
      bytes: { total: 1017, mean: 509 },
      unusedFor: {
        longest: expect.any(Number),
        sessions: {
          'under a minute': 1,
          'under 10 minutes': 0,
          'under an hour': 1,
          'under a day': 0,
          'a day or more': 0,
        },
      },
      largest: [
        { id: large, bytes: 1015 },
        { id: small, bytes: 2 },
      ],
    });
    const { shown } = await run(['stats'], env);
    expect(shown).toMatch(/^sessions +2 of "shop-\w+", 1 with a user, 0 encrypted$/m);
    expect(shown).toMatch(/^longest unused +12 min$/m);
  });

  it('has figures for an application without sessions', async () => {
    expect(await runJson(['stats'], env)).toMatchObject({
      code: 0,
      json: { sessions: 0, bytes: { total: 0, mean: 0 }, largest: [] },
    });
  });
});

describe('the sessions in a cluster', () => {
  it('are listed and ended, on whichever node they are', async () => {
    const cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    try {
      const inCluster = sessionsIn(cluster.client(), application);
      const ids = await Promise.all(Array.from({ length: 12 }, () => stored(inCluster, { user: 'ada' })));
      const nodes = cluster.startupNodes.map(({ host, port }) => `${host}:${port}`).join(',');
      const there = { REDIS_SESSION_CLUSTER_NODES: nodes, REDIS_SESSION_APPLICATION_NAME: application };
      expect(idsOf((await runJson<Listed[]>(['list'], there)).json)).toEqual(ids.toSorted());
      expect((await runJson<object>(['stats'], there)).json).toMatchObject({ sessions: 12, withUser: 12 });
      expect(await run(['show', ids[0]!], there)).toMatchObject({ code: 0, noted: '' });
      expect((await runJson(['destroy', ids[0]!], there)).json).toEqual({ destroyed: 1 });
      expect((await runJson(['destroy', '--user', 'ada', '--yes'], there)).json).toEqual({ destroyed: 11 });
    } finally {
      await cluster.stop();
    }
  }, 40_000);
});

describe('the sessions behind Sentinels', () => {
  it('are listed and ended', async () => {
    const group = await RedisSentinel.start({ replicas: 1, sentinels: 1 });
    try {
      const id = await stored(sessionsIn(group.client(), application), { user: 'ada' });
      const there = {
        REDIS_SESSION_SENTINEL_NAME: group.name,
        REDIS_SESSION_SENTINEL_SENTINELS: group.addresses
          .map(({ host, port }) => `${host}:${port}`)
          .join(','),
        REDIS_SESSION_APPLICATION_NAME: application,
      };
      expect(idsOf((await runJson<Listed[]>(['list'], there)).json)).toEqual([id]);
      expect((await runJson(['destroy', '--all', '--yes'], there)).json).toEqual({ destroyed: 1 });
    } finally {
      await group.stop();
    }
  }, 40_000);
});
