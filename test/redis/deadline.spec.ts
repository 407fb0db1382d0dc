import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadline } from '../../lib/redis/deadline.js';
import { deferred } from '../support/barrier.js';

const late = 'no answer within 1000 ms';
// A deadline that is due lets the sockets be read before it rejects.
const PASS = 10;

describe('operations that overlap, with 1000 ms for each', () => {
  let deadline: Deadline;
  let ended: string[];
  let expirations: number;
  beforeEach(() => {
    jest.useFakeTimers();
    expirations = 0;
    deadline = new Deadline(1000, () => expirations++);
    ended = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Begins an operation, and notes how it ends. */
  function begin(name: string) {
    const operation = deferred<string>();
    const note = (outcome: string) => ended.push(`${name}: ${outcome}`);
    deadline.limit(operation.promise).then(note, (error: Error) => note(error.message));
    return operation;
  }

  /** Goes on by this much of the clock's time. @returns what has ended meanwhile */
  async function after(milliseconds: number): Promise<string[]> {
    await jest.advanceTimersByTimeAsync(milliseconds);
    return ended.splice(0);
  }

  it('end when they are answered, or each after its own 1000 ms', async () => {
    const first = begin('first');
    await after(300);
    begin('second');
    await after(300);
    const third = begin('third');
    begin('fourth');
    await after(300);
    first.resolve('answered');
    expect(await after(399)).toEqual(['first: answered']);
    expect(await after(1 + PASS)).toEqual([`second: ${late}`]);
    third.reject(new Error('refused'));
    expect(await after(299 - PASS)).toEqual(['third: refused']);
    expect(await after(1 + PASS)).toEqual([`fourth: ${late}`]);
    expect(expirations).toBe(2);
  });

  it('fail together if they began together, and an answer that comes after that changes nothing', async () => {
    const [one] = [begin('one'), begin('other')];
    expect(await after(1000 + PASS)).toEqual([`one: ${late}`, `other: ${late}`]);
    begin('next');
    one.resolve('answered');
    expect(await after(999)).toEqual([]);
    expect(await after(1 + PASS)).toEqual([`next: ${late}`]);
  });

  it('are answered by a reply that is read after the deadline came due, and before it rejects', async () => {
    const answered = begin('answered');
    begin('silent');
    setTimeout(() => setImmediate(() => answered.resolve('in time')), 1000);
    expect(await after(1000 + PASS)).toEqual(['answered: in time', `silent: ${late}`]);
  });

  it('leave no timer once none is under way', async () => {
    const [one, other] = [begin('one'), begin('other')];
    expect(jest.getTimerCount()).toBe(1);
    one.resolve('answered');
    other.resolve('answered');
    await after(0);
    expect(jest.getTimerCount()).toBe(0);
    begin('late');
    await after(1000 + PASS);
    expect(jest.getTimerCount()).toBe(0);
  });
});
