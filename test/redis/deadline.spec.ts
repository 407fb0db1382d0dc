import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Deadline } from '../../lib/redis/deadline.js';
import { deferred } from '../support/barrier.js';

describe('operations that overlap, with 1000 ms for each', () => {
  let deadline: Deadline;
  let startedAt: number;
  let ended: string[];
  beforeEach(() => {
    jest.useFakeTimers();
    deadline = new Deadline(1000);
    startedAt = performance.now();
    ended = [];
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  /** Begins an operation, and notes when and how it ends. */
  function begin(name: string) {
    const operation = deferred<string>();
    const note = (outcome: string) =>
      ended.push(`${name} ${outcome} at ${Math.round(performance.now() - startedAt)}`);
    deadline.limit(operation.promise).then(note, (error: Error) => note(error.message));
    return operation;
  }

  it('end when they are answered, or each after its own 1000 ms', async () => {
    const first = begin('first');
    await jest.advanceTimersByTimeAsync(300);
    begin('second');
    await jest.advanceTimersByTimeAsync(300);
    const third = begin('third');
    begin('fourth');
    await jest.advanceTimersByTimeAsync(300);
    first.resolve('answered');
    await jest.advanceTimersByTimeAsync(600);
    third.reject(new Error('refused'));
    await jest.advanceTimersByTimeAsync(5000);
    const late = 'no answer within 1000 ms';
    expect(ended).toEqual([
      'first answered at 900',
      `second ${late} at 1300`,
      'third refused at 1500',
      `fourth ${late} at 1600`,
    ]);
  });

  it('fail together where they began together, and an answer that comes after that changes nothing', async () => {
    const [one] = [begin('one'), begin('other')];
    await jest.advanceTimersByTimeAsync(1000);
    begin('next');
    one.resolve('answered');
    await jest.advanceTimersByTimeAsync(1000);
    expect(ended).toEqual(
      ['one no answer within 1000 ms at 1000', 'other no answer within 1000 ms at 1000', 'next no answer within 1000 ms at 2000'], // prettier-ignore
    );
  });

  it('leave no timer once none is under way', async () => {
    const [one, other] = [begin('one'), begin('other')];
    expect(jest.getTimerCount()).toBe(1);
    one.resolve('answered');
    other.resolve('answered');
    await jest.advanceTimersByTimeAsync(0);
    expect(jest.getTimerCount()).toBe(0);
  });
});
