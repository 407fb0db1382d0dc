import { describe, expect, it } from '@jest/globals';
import { barrier, deferred } from '../support/barrier.js';
import { eventually } from '../support/eventually.js';
import { freePort } from '../support/free-port.js';
import { uniqueName } from '../support/unique-name.js';

describe('eventually', () => {
  it('repeats the assertion until it holds, and returns its result', async () => {
    let looks = 0;
    const answer = await eventually(() => {
      looks += 1;
      expect(looks).toBe(3);
      return 'there';
    });
    expect(answer).toBe('there');
  });

  it('repeats the assertion if it returns false', async () => {
    let looks = 0;
    await eventually(() => ++looks === 3);
    expect(looks).toBe(3);
  });

  it('throws the last error after the timeout', async () => {
    await expect(eventually(() => expect(1).toBe(2), { within: 30 })).rejects.toThrow('toBe');
    await expect(eventually(() => false, { within: 30 })).rejects.toThrow('Still false after 30 ms');
  });

  it('does not wait for an assertion that hangs', async () => {
    await expect(eventually(() => deferred().promise, { within: 30 })).rejects.toThrow(/No answer/);
  });
});

describe('a barrier', () => {
  it('holds everybody until the last has arrived, round after round', async () => {
    const meet = barrier(2);
    const log: string[] = [];
    async function walk(name: string) {
      for (const round of [1, 2]) {
        log.push(`${name} comes ${round}`);
        // oxlint-disable-next-line no-await-in-loop -- the rounds follow each other
        await meet();
        log.push(`${name} goes ${round}`);
      }
    }
    await Promise.all([walk('a'), walk('b')]);
    expect(log.slice(0, 2).toSorted()).toEqual(['a comes 1', 'b comes 1']);
    expect(log.indexOf('b comes 2')).toBeLessThan(log.indexOf('a goes 2'));
    expect(log.indexOf('a comes 2')).toBeLessThan(log.indexOf('b goes 2'));
  });
});

describe('names and ports', () => {
  it('are unique', async () => {
    const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()));
    expect(new Set(ports).size).toBe(50);
    expect(Math.max(...ports)).toBeLessThan(55_536);
    expect(uniqueName('shop')).not.toBe(uniqueName('shop'));
  });
});
