import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { ChildProgram } from '../support/child-program.js';
import { Browser } from '../support/http-browser.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';

interface Application {
  readonly child: ChildProcess;
  readonly url: string;
}

describe('two processes over one Redis', () => {
  let server: RedisServer;
  let program: ChildProgram;
  let applicationName: string;
  let one: Application;
  let two: Application;
  let browser: Browser;

  beforeAll(async () => {
    server = await RedisServer.start();
    program = new ChildProgram();
    applicationName = uniqueName('counter');
    [one, two] = await Promise.all([start(), start()]);
  });
  afterAll(async () => {
    for (const { child } of [one, two]) child.kill('SIGKILL');
    program.remove();
    await server.stop();
  });
  beforeEach(async () => {
    browser = new Browser(one.url);
    await browser.post('/start');
  });

  async function start(): Promise<Application> {
    const child = program.start('test/scenarios/counter-program.ts', String(server.port), applicationName);
    const [url] = (await once(child, 'message')) as [string];
    return { child, url };
  }

  /** The same visitor, routed to another process by the load balancer. */
  const at = ({ url }: Application) => {
    const visitor = new Browser(url);
    visitor.setCookie('sid', browser.cookie('sid')!);
    return visitor;
  };

  async function hold(application: Application) {
    const entered = once(application.child, 'message');
    const answer = at(application).post('/hold');
    await entered;
    return {
      leave: () => {
        application.child.send('leave');
        return answer;
      },
      answer,
    };
  }

  it('handle one request of a session at a time: 50 of 50 increments are stored', async () => {
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, index) => at(index % 2 ? one : two).post('/increment')),
    );
    const counts = answers.map(({ text }) => Number(text)).toSorted((a, b) => a - b);
    expect(counts).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  it('take turns: neither has to wait for all requests of the other', async () => {
    const { leave } = await hold(one);
    const order: string[] = [];
    const increment = async (application: Application, name: string) => {
      await at(application).post('/increment');
      order.push(name);
    };
    const all = Array.from({ length: 20 }, () => increment(one, 'one'));
    all.push(...Array.from({ length: 5 }, () => increment(two, 'two')));
    await leave();
    await Promise.all(all);
    expect(order.lastIndexOf('two')).toBeLessThan(20);
  });

  it('a holder that was paused for longer than its lease gets an error and cannot write', async () => {
    const { leave } = await hold(one);
    const waiting = at(two).post('/increment');
    one.child.kill('SIGSTOP');
    try {
      expect((await waiting).text).toBe('1');
    } finally {
      one.child.kill('SIGCONT');
    }
    const late = await leave();
    expect(late.status).toBe(409);
    expect(late.json()).toMatchObject({ message: expect.stringContaining('lock.leaseInMilliseconds') });
    expect((await browser.get('/')).json()).toEqual({ n: 1 });
    expect((await browser.post('/increment')).text).toBe('2');
  });

  it('the lock of a killed process ends with its lease', async () => {
    const { answer } = await hold(one);
    const waiting = at(two).post('/increment');
    one.child.kill('SIGKILL');
    await expect(answer).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect((await waiting).text).toBe('1');
    one = await start();
  });
});
