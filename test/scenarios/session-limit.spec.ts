import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { RedisSessionStore } from 'nestjs-redis-session';
import { ChildProgram } from '../support/child-program.js';
import { RedisServer } from '../support/redis-server.js';
import { uniqueName } from '../support/unique-name.js';
import { repositoryOf } from '../session/session-fixture.js';

describe('three sessions for each user, in two processes over one Redis', () => {
  let server: RedisServer;
  let program: ChildProgram;
  let applicationName: string;
  const children: ChildProcess[] = [];
  beforeAll(async () => {
    server = await RedisServer.start();
    program = new ChildProgram();
  });
  beforeEach(() => {
    applicationName = uniqueName('limit');
  });
  afterEach(() => {
    for (const child of children.splice(0)) child.kill('SIGKILL');
  });
  afterAll(async () => {
    program.remove();
    await server.stop();
  });

  async function start(mode = 'refuse'): Promise<ChildProcess> {
    const args = [String(server.port), applicationName, mode];
    const child = program.start('test/scenarios/limit-program.ts', ...args);
    children.push(child);
    await once(child, 'message');
    return child;
  }
  async function live(): Promise<string[]> {
    const options = { operationTimeoutInMilliseconds: 5000, retryTimeoutInMilliseconds: 0 };
    const store = new RedisSessionStore(server.client(), { applicationName, ...options });
    return (await repositoryOf(store).findByUser('ada')).map(({ id }) => id).toSorted();
  }

  it('are never more, and never less, after 50 logins at once that end the oldest', async () => {
    const [one, two] = await Promise.all([start('end-oldest'), start('end-oldest')]);
    const outcomes = (await Promise.all([logins(one, 25), logins(two, 25)])).flat();
    const ids = await live();
    expect(ids).toHaveLength(3);
    expect(outcomes).toEqual(expect.arrayContaining(ids));
    expect(outcomes).not.toContain('SESSION_LIMIT');
  });

  it('are exactly those that were answered after 50 logins at once, of which 47 are refused', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    const outcomes = (await Promise.all([logins(one, 25), logins(two, 25)])).flat();
    const successes = outcomes.filter((outcome) => outcome !== 'SESSION_LIMIT');
    expect(successes).toHaveLength(3);
    expect(await live()).toEqual(successes.toSorted());
  });

  it('let a process log in after another one was killed between its count and its write', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    await logins(two, 2);
    one.send('hold');
    await once(one, 'message');
    const waiting = logins(two, 3);
    one.kill('SIGKILL');
    const successes = (await waiting).filter((outcome) => outcome !== 'SESSION_LIMIT');
    expect(successes).toHaveLength(1);
    expect(await live()).toHaveLength(3);
  });

  it('are not exceeded by a process that was paused for longer than its lock', async () => {
    const [one, two] = await Promise.all([start(), start()]);
    await logins(two, 2);
    one.send('hold');
    await once(one, 'message');
    const waiting = logins(two, 1);
    one.kill('SIGSTOP');
    try {
      expect(await waiting).not.toEqual(['SESSION_LIMIT']);
    } finally {
      one.kill('SIGCONT');
    }
    const late = once(one, 'message');
    one.send('go on');
    expect(await late).toEqual(['SESSION_LIMIT', undefined]);
    expect(await live()).toHaveLength(3);
  });
});

/** What the logins of this process came to: ids of sessions, or codes of errors. */
async function logins(child: ChildProcess, count: number): Promise<string[]> {
  child.send(count);
  const [outcomes] = (await once(child, 'message')) as [string[]];
  return outcomes;
}
