import { describe, expect, it } from '@jest/globals';
import type { TimeoutPreset } from 'nestjs-redis-session';
import { resolveOptions } from '../../lib/options/resolve-options.js';
import { faultsOf } from './faults-of.js';

const HOUR = 3600;
const DAY = 24 * HOUR;

function timeoutsOf(given: object, env: Record<string, string> = {}): (number | undefined)[] {
  const options = resolveOptions(given, env);
  return [options.idleTimeoutInSeconds, options.maxIdleTimeoutInSeconds, options.absoluteTimeoutInSeconds];
}

const allows = (seconds: number) =>
  `while timeouts (REDIS_SESSION_TIMEOUTS) is "nist-aal3", which allows at most ${seconds}.`;

describe('timeouts', () => {
  it.each<[TimeoutPreset, number, number, number]>([
    ['nist-aal1', 1200, 30 * DAY, 30 * DAY],
    ['nist-aal2', HOUR, HOUR, DAY],
    ['nist-aal3', 900, 900, 12 * HOUR],
    ['owasp-high-value', 300, 300, 4 * HOUR],
    ['owasp-low-risk', 1800, 1800, 8 * HOUR],
  ])('%s sets the idle timeout, its maximum and the absolute timeout', (timeouts, ...expected) => {
    expect(timeoutsOf({ timeouts })).toEqual(expected);
    expect(timeoutsOf({}, { REDIS_SESSION_TIMEOUTS: timeouts })).toEqual(expected);
  });

  it('gives way to shorter timeouts, whether they come from the code or from the environment', () => {
    const shorter = { idleTimeoutInSeconds: 600, absoluteTimeoutInSeconds: 2 * HOUR };
    expect(timeoutsOf({ timeouts: 'nist-aal2', ...shorter })).toEqual([600, HOUR, 2 * HOUR]);
    const env = { REDIS_SESSION_TIMEOUTS: 'nist-aal2', REDIS_SESSION_MAX_IDLE_TIMEOUT_IN_SECONDS: '900' };
    expect(timeoutsOf(shorter, env)).toEqual([600, 900, 2 * HOUR]);
  });

  it('leaves the idle timeout to the application for nist-aal1', () => {
    expect(timeoutsOf({ timeouts: 'nist-aal1', idleTimeoutInSeconds: 7 * DAY })).toEqual([
      7 * DAY,
      30 * DAY,
      30 * DAY,
    ]);
  });

  it('refuses longer ones with a fault for each, which names both options', () => {
    const longer = {
      timeouts: 'nist-aal3',
      idleTimeoutInSeconds: HOUR,
      maxIdleTimeoutInSeconds: DAY,
      absoluteTimeoutInSeconds: DAY,
    };
    expect(faultsOf(longer)).toEqual([
      `idleTimeoutInSeconds (REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS) is 3600 ${allows(900)} Lower or remove idleTimeoutInSeconds, or choose another preset.`,
      `maxIdleTimeoutInSeconds (REDIS_SESSION_MAX_IDLE_TIMEOUT_IN_SECONDS) is 86400 ${allows(900)} Lower or remove maxIdleTimeoutInSeconds, or choose another preset.`,
      `absoluteTimeoutInSeconds (REDIS_SESSION_ABSOLUTE_TIMEOUT_IN_SECONDS) is 86400 ${allows(43_200)} Lower or remove absoluteTimeoutInSeconds, or choose another preset.`,
    ]);
    expect(
      faultsOf({ absoluteTimeoutInSeconds: 31 * DAY }, { REDIS_SESSION_TIMEOUTS: 'nist-aal1' }),
    ).toHaveLength(1);
  });

  it('accepts the same ones', () => {
    const same = { idleTimeoutInSeconds: HOUR, maxIdleTimeoutInSeconds: HOUR, absoluteTimeoutInSeconds: DAY };
    expect(faultsOf({ timeouts: 'nist-aal2', ...same })).toEqual([]);
  });

  it.each(['nist', 'NIST-AAL2', 'constructor', '', 2, null, ['nist-aal2']])(
    'refuses another preset: %p',
    (timeouts) => {
      expect(faultsOf({ timeouts })).toEqual([
        expect.stringMatching(
          /^timeouts \(REDIS_SESSION_TIMEOUTS\) is .+; expected "nist-aal1", "nist-aal2", "nist-aal3", "owasp-high-value" or "owasp-low-risk"\.$/,
        ),
      ]);
    },
  );

  it.each([null, '3600', -1, 0.5])('does not hide a timeout that is none: %p', (idleTimeoutInSeconds) => {
    expect(faultsOf({ timeouts: 'nist-aal2', idleTimeoutInSeconds })).toEqual([
      expect.stringMatching(/^idleTimeoutInSeconds .+; expected an integer from 1/),
    ]);
  });

  it('leaves everything without a preset', () => {
    expect(timeoutsOf({})).toEqual([1200, 30 * DAY, undefined]);
  });
});
