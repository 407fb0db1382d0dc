import { describe, expect, it } from '@jest/globals';
import { faultsOf } from './faults-of.js';

const upTo = (least: number) => `expected an integer from ${least} to 2147483647.`;

describe('a timeout that is not a whole number of seconds from 1', () => {
  it.each([
    ['0', 0],
    ['half a second', 0.5],
    ['a fraction', 1.5],
    ['negative', -1],
    ['NaN', Number.NaN],
    ['infinite', Number.POSITIVE_INFINITY],
    ['larger than the maximum of Redis and timers', 2 ** 31],
  ])('is refused, and does not become "never" or "now": %s', (_case, value) => {
    expect(faultsOf({ idleTimeoutInSeconds: value, absoluteTimeoutInSeconds: value })).toEqual([
      `idleTimeoutInSeconds (REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS) is ${value}; ${upTo(1)}`,
      `absoluteTimeoutInSeconds (REDIS_SESSION_ABSOLUTE_TIMEOUT_IN_SECONDS) is ${value}; ${upTo(1)}`,
    ]);
  });

  it('is refused in the environment, too', () => {
    expect(faultsOf({}, { REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS: '0.5' })).toEqual([
      `idleTimeoutInSeconds (REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS) is 0.5; ${upTo(1)}`,
    ]);
  });

  it('is accepted from one second on', () => {
    expect(faultsOf({ idleTimeoutInSeconds: 1, absoluteTimeoutInSeconds: 1 })).toEqual([]);
  });

  it.each([
    ['connectionTimeoutInMilliseconds'],
    ['operationTimeoutInMilliseconds'],
    ['shutdownTimeoutInMilliseconds'],
  ])('is refused for an operation: %s 0', (option) => {
    expect(faultsOf({ [option]: 0 })).toEqual([expect.stringContaining(`) is 0; ${upTo(1)}`)]);
  });
});

describe('an application name', () => {
  it.each([
    ['{'],
    ['}'],
    ['a\nb'],
    ['a\r'],
    ['a\u0000b'],
    ['a\u2028b'],
    ['\ud800'],
    [''],
    ['  '],
    ['x'.repeat(129)],
  ])('that could break the key scheme is refused: %j', (applicationName) => {
    expect(faultsOf({ applicationName })).toEqual([
      expect.stringMatching(
        /^applicationName \(REDIS_SESSION_APPLICATION_NAME\) is "[^]*"; expected a string/,
      ),
    ]);
  });
});

describe('maxDepth', () => {
  it.each([0, 1001, 1.5])('is refused outside 1 to 1000: %s', (value) => {
    expect(faultsOf({ maxDepth: value })).toEqual([
      `maxDepth (REDIS_SESSION_MAX_DEPTH) is ${value}; expected an integer from 1 to 1000.`,
    ]);
  });

  it('is accepted from 1 to 1000', () => {
    expect(faultsOf({ maxDepth: 1 })).toEqual([]);
    expect(faultsOf({}, { REDIS_SESSION_MAX_DEPTH: '1000' })).toEqual([]);
  });
});
