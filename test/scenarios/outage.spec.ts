import { beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../http/http-app.js';
import {
  measureOutage,
  OPERATION_TIMEOUT,
  type Fault,
  type OutageCase,
  type OutageResult,
} from './outage-case.js';

// A loaded machine can stall for seconds. Without deadlines a request would wait until Redis is back.
const SLACK = 5000;
// The maximum number of attempts: at once, after 20 ms, each second, and at the end.
const attempts = (retry: number) => (retry === 0 ? 1 : Math.ceil(retry / 1000) + 2);
const bound = (retry: number) => OPERATION_TIMEOUT * attempts(retry) + retry + SLACK;

const faults: Fault[] = ['stopped', 'frozen', 'black-holed'];
const cases: OutageCase[] = platforms.flatMap((platform) =>
  faults.flatMap((fault) =>
    [true, false].flatMap((throwOnError) =>
      [0, 2000].map((retry) => ({ platform, fault, throwOnError, retry })),
    ),
  ),
);
const nameOf = ({ platform, fault, throwOnError, retry }: OutageCase) =>
  `${fault}, throwOnError ${throwOnError}, retry ${retry} ms, ${platform}`;

describe('no request hangs while Redis is away', () => {
  const results = new Map<OutageCase, OutageResult | Error>();

  const resultOf = (given: OutageCase): OutageResult => {
    const result = results.get(given)!;
    if (result instanceof Error) throw result;
    return result;
  };

  beforeAll(async () => {
    // A few at a time: more would measure the machine.
    const left = [...cases];
    const measureNext = async (): Promise<void> => {
      const next = left.shift();
      if (next === undefined) return;
      results.set(next, await measureOutage(next).catch((error: unknown) => error as Error));
      await measureNext();
    };
    await Promise.all(Array.from({ length: 6 }, measureNext));
    const measured = [...results.values()].flatMap((result) => (result instanceof Error ? [] : [result]));
    process.stdout.write(`${tableOf(measured)}\n`);
  }, 120_000);

  describe.each(cases.map((given) => [nameOf(given), given] as const))('%s', (_, given) => {
    it('every request ends within operation timeout × attempts + retry timeout', () => {
      const { load, save } = resultOf(given);
      expect(load.milliseconds).toBeLessThan(bound(given.retry));
      expect(save.milliseconds).toBeLessThan(bound(given.retry));
    });

    it('every request is retried until the retry timeout has passed', () => {
      const { load, save } = resultOf(given);
      expect(load.milliseconds).toBeGreaterThan(given.retry * 0.9);
      expect(save.milliseconds).toBeGreaterThan(given.retry * 0.9);
    });

    it('answers 503 with throwOnError, and otherwise continues with a session that is never stored', () => {
      const { load, save } = resultOf(given);
      const expected = given.throwOnError
        ? { load: 503, save: 503, says: 'SESSION_STORE|session store|503|Unavailable|unavailable' }
        : {
            load: 200,
            save: 200,
            says: '"n":null,"lastException":"The session store failed to load a session',
          };
      expect([load.status, save.status]).toEqual([expected.load, expected.save]);
      expect(load.text).toMatch(new RegExp(expected.says));
      expect([load.setCookies, save.setCookies]).toEqual([0, 0]);
    });

    it('the visitor’s session is available again after the outage', () => {
      const { back } = resultOf(given);
      expect(back[0]!.n).toBe(1);
      // A frozen server executes what it was sent when it thaws.
      expect(given.fault === 'frozen' ? [1, 2] : [1]).toContain(back[1]!.n);
    });
  });
});

function tableOf(results: OutageResult[]): string {
  const head = ['Redis is', 'throwOnError', 'retry ms', 'platform', 'load', 'save', 'bound', 'back after ms'];
  const rows = results.map(({ fault, throwOnError, retry, platform, load, save, back }) => [
    fault,
    throwOnError,
    retry,
    platform,
    `${load.status} in ${load.milliseconds} ms`,
    `${save.status} in ${save.milliseconds} ms`,
    `${bound(retry) - SLACK} ms`,
    back.map(({ milliseconds }) => milliseconds).join(', '),
  ]);
  const order = rows.toSorted((a, b) => String(a.slice(0, 4)).localeCompare(String(b.slice(0, 4))));
  return [head, ...order].map((row) => row.map((cell) => String(cell).padEnd(16)).join('')).join('\n');
}
