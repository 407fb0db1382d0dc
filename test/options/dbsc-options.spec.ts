import { inspect } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import {
  RedisSessionModule,
  type RedisSessionModuleOptions,
  SessionOptionsError,
} from 'nestjs-redis-session';
import { dbsc, type DbscOptions } from 'nestjs-redis-session/dbsc';
import { Test } from '@nestjs/testing';
import { resolveDbscOptions } from '../../lib/dbsc/dbsc-options.js';

const KEY = Buffer.alloc(32, 1).toString('base64');

function faultsOf(run: () => unknown): readonly string[] {
  try {
    run();
    return [];
  } catch (error) {
    return (error as SessionOptionsError).faults;
  }
}

async function faultsOfStart(options: RedisSessionModuleOptions): Promise<readonly string[]> {
  const start = Test.createTestingModule({
    imports: [RedisSessionModule.forRoot({ store: 'memory', ...options })],
  }).compile();
  return start.then(
    async (module) => (await module.close(), []),
    (error: SessionOptionsError) => error.faults,
  );
}

describe('the options of dbsc()', () => {
  it('observe, ten minutes, unbound browsers allowed, and random keys are the defaults', () => {
    const { keys, ...others } = resolveDbscOptions({}, false);
    expect(others).toEqual({ mode: 'observe', refreshEverySeconds: 600, allowUnbound: true });
    expect(keys.map(({ length }) => length)).toEqual([32]);
    expect(resolveDbscOptions({}, false).keys).not.toEqual(keys);
  });

  it('refuse to start without keys in production, and say how to make one', () => {
    expect(faultsOf(() => resolveDbscOptions({}, true))).toEqual([
      expect.stringMatching(/^dbsc\(\): keys is not set, .*openssl rand -base64 32/),
    ]);
    expect(faultsOf(() => resolveDbscOptions({ keys: [KEY] }, true))).toEqual([]);
  });

  const wrong: [string, object][] = [
    ['mode', { mode: 'strict' }],
    ['refreshEverySeconds', { refreshEverySeconds: 9 }],
    ['refreshEverySeconds', { refreshEverySeconds: 0.5 }],
    ['allowUnbound', { allowUnbound: 'no' }],
    ['keys', { keys: [] }],
    ['keys', { keys: ['short'] }],
    ['keys', { keys: KEY }],
    ['paths', { paths: '/x' }],
    ['paths.refresh', { paths: { refresh: 'x' } }],
    ['paths.registration', { paths: { registration: '/a";evil="b' } }],
    ['paths.refresh', { paths: { refresh: '/x?y' } }],
    ['allowedRefreshInitiators', { allowedRefreshInitiators: '*' }],
    ['hosts', { hosts: ['https://bank.example/'] }],
    ['onStolen', { onStolen: true }],
    ['there is no option refreshEvery', { refreshEvery: 1 }],
  ];
  it.each(wrong)('are refused by name: %s in %j', (name, options) => {
    expect(faultsOf(() => dbsc(options as DbscOptions))).toEqual([
      expect.stringMatching(new RegExp(`^dbsc\\(\\): ${name}\\b`)),
    ]);
  });

  it('never show a key', () => {
    expect(inspect(dbsc({ keys: [KEY] }), { showHidden: true, depth: 9 })).not.toContain('AQEB');
    expect(JSON.stringify(dbsc({ keys: [KEY] }))).toBe('{}');
    const faults = faultsOf(() => dbsc({ keys: ['c2hvcnQ='], mode: 'x' as never }));
    expect(faults.join()).not.toContain('c2hv');
  });

  it.each<[string, RedisSessionModuleOptions]>([
    ['header', { header: { name: 'authorization' } }],
    ['cookie.partitioned', { cookie: { partitioned: true, secure: true } }],
    ['cookie.domain', { cookie: { domain: 'bank.example' } }],
  ])('are refused together with %s', async (name, options) => {
    const faults = await faultsOfStart({ ...options, deviceBound: dbsc() });
    expect(faults).toEqual([expect.stringContaining(`deviceBound is set while ${name} is`)]);
  });

  it('are refused if browsers send no cookie to the paths, or if they are the same', async () => {
    const outside = dbsc({ paths: { refresh: '/refresh' } });
    expect(await faultsOfStart({ cookie: { path: '/bank' }, deviceBound: outside })).toEqual([
      expect.stringContaining('"/refresh" is not below'),
    ]);
    const same = dbsc({ paths: { refresh: '/x', registration: '/x' } });
    expect(await faultsOfStart({ deviceBound: same })).toEqual([expect.stringContaining('are the same')]);
  });

  it('are refused if they are not what dbsc() returns', async () => {
    expect(await faultsOfStart({ deviceBound: { mode: 'observe' } as never })).toEqual([
      expect.stringContaining('expected what dbsc() of nestjs-redis-session/dbsc returns'),
    ]);
  });
});
