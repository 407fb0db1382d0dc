import { describe, expect, it } from '@jest/globals';
import { Counter } from './counter.js';
import { Life } from './life.js';
import { ABSENT, LATE_WITHIN_MILLISECONDS, Register } from './register.js';
import { SharedRegister } from './shared-register.js';

describe('what an attribute may hold', () => {
  it('is what was written last and acknowledged', () => {
    const register = new Register();
    register.written('"1"');
    register.written('"2"');
    expect(register.found('"1"', 0)).toBe(false);
    expect(new Register().found(ABSENT, 0)).toBe(true);
  });

  it('is both what was there and what failed, until one of them is seen', () => {
    const register = new Register();
    register.written('"1"');
    register.maybeWritten(['"2"'], 100);
    expect([...register.possible(200)]).toEqual(['"1"', '"2"']);

    const later = 200 + LATE_WITHIN_MILLISECONDS;
    expect(register.found('"1"', later)).toBe(true);
    expect(register.found('"2"', later)).toBe(false);
  });

  it('is what failed before, where that arrives after an acknowledged write, but not long after', () => {
    const register = new Register();
    register.maybeWritten(['"1"'], 100);
    register.written('"2"');
    expect([...register.possible(200)]).toEqual(['"2"', '"1"']);

    register.written('"3"');
    const later = 101 + LATE_WITHIN_MILLISECONDS;
    expect([...register.possible(later)]).toEqual(['"3"', '"1"']);
    register.written('"4"');
    expect([...register.possible(later)]).toEqual(['"4"']);
  });
});

describe('an attribute that several requests write', () => {
  it('may hold either of two values that were written at once, but not one after the other and back', () => {
    const register = shared(['1', 0, 10], ['2', 5, 15]);
    expect(register.found('1', 20, 25)).toBeUndefined();
    expect(shared(['1', 0, 10], ['2', 5, 15]).found('2', 20, 25)).toBeUndefined();
    expect(register.found('2', 30, 35)).toMatchObject({ seen: expect.stringContaining('2, written') });
  });

  it('cannot hold what was there before an acknowledged write, or never', () => {
    expect(shared(['1', 0, 10], ['2', 20, 30]).found('1', 40, 50)).toEqual({
      acknowledged: '2, written 20–30 and acknowledged',
      seen: '1, written 0–10 and acknowledged, seen by requests that ended from 50 and began until 40',
    });
    expect(shared(['1', 0, 10]).found(ABSENT, 20, 30)).toBeDefined();
    expect(shared(['1', 0, 10]).found('2', 20, 30)).toMatchObject({ seen: '2 was read' });
  });

  it('may hold a write of which nobody knows, or not, or later', () => {
    const register = shared(['1', 0, 10]);
    register.writing('2', 20);
    register.settled('2', 'unknown', 30);
    expect(register.found('1', 40 + LATE_WITHIN_MILLISECONDS, 50 + LATE_WITHIN_MILLISECONDS)).toBeUndefined();
    const late = shared(['1', 0, 10]);
    late.writing('2', 20);
    late.settled('2', 'unknown', 30);
    expect([late.found('1', 40, 50), late.found('2', 60, 70)]).toEqual([undefined, undefined]);
    expect(late.found('1', 80, 90)).toBeDefined();
  });

  it('cannot hold what a request that did nothing would have written', () => {
    const register = shared(['1', 0, 10]);
    register.writing('2', 20);
    register.settled('2', 'refused', 30);
    expect(register.found('2', 40, 50)).toBeDefined();
  });
});

describe('a session or a credential', () => {
  it('cannot be missed while nobody has begun to end it', () => {
    const life = new Life();
    expect(life.mayBeMissed(1000)).toBe(false);
    life.threaten(1500);
    expect(life.mayBeMissed(1000)).toBe(false);
    expect(life.mayBeMissed(1500)).toBe(true);
  });

  it('cannot be found by a request that begins after its end', () => {
    const life = new Life();
    life.resolve(life.threaten(100), 'done', 200);
    expect(life.found(150)).toBe(true);
    expect(life.found(200)).toBe(false);
    expect(life.mayBeMissed(300)).toBe(true);
  });

  it('is certain again where the request that should end it was refused', () => {
    const life = new Life();
    life.resolve(life.threaten(100), 'refused', 200);
    expect(life.certain).toBe(true);
    expect(life.mayBeMissed(300)).toBe(false);
  });

  it('may go on or not where that request failed, until it is seen after the time that it had', () => {
    const life = new Life();
    life.resolve(life.threaten(100), 'unknown', 200);
    expect([life.found(300), life.mayBeMissed(300)]).toEqual([true, true]);
    const later = 201 + LATE_WITHIN_MILLISECONDS;
    expect([life.found(later), life.mayBeMissed(later)]).toEqual([true, false]);
  });
});

describe('a counter', () => {
  it('may be told in any order to requests that overlap', () => {
    const counter = new Counter();
    expect(acknowledged(counter, 1, 0, 10)).toBeUndefined();
    counter.begin();
    counter.begin();
    expect(counter.acknowledged(3, 20, 31)).toBeUndefined();
    expect(counter.acknowledged(2, 20, 32)).toBeUndefined();
    expect(counter.found(3, 40, 41)).toBeUndefined();
  });

  it('cannot be told the same number twice', () => {
    const counter = new Counter();
    acknowledged(counter, 1, 0, 10);
    expect(acknowledged(counter, 1, 5, 10)).toContain('one of them is lost');
  });

  it('cannot go back', () => {
    const counter = new Counter();
    acknowledged(counter, 1, 0, 10);
    acknowledged(counter, 2, 10, 20);
    expect(counter.found(1, 20, 30)).toContain('was 2 before');
    expect(counter.found(1, 15, 30)).toBeUndefined();
  });

  it('cannot hold more than was acknowledged, is unknown or under way', () => {
    const counter = new Counter();
    acknowledged(counter, 1, 0, 10);
    expect(counter.found(2, 20, 30)).toContain('no more than 1');
    counter.begin();
    expect(counter.found(2, 20, 30)).toBeUndefined();
    counter.unknown();
    expect(counter.found(2, 40, 50)).toBeUndefined();
    counter.begin();
    counter.refused();
    expect(counter.found(3, 60, 70)).toContain('no more than 2');
  });
});

function acknowledged(counter: Counter, value: number, begin: number, end: number): string | undefined {
  counter.begin();
  return counter.acknowledged(value, begin, end);
}

function shared(...writes: [text: string, begin: number, end: number][]): SharedRegister {
  const register = new SharedRegister();
  for (const [text, begin, end] of writes) {
    register.writing(text, begin);
    register.settled(text, 'done', end);
  }
  return register;
}
