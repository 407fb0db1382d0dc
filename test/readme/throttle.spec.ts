import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { platforms } from '../http/http-app.js';
import { ChildProgram } from '../support/child-program.js';
import { Browser } from '../support/http-browser.js';

describe.each(platforms)('the throttler of the README, on %s', (platform) => {
  let program: ChildProgram;
  beforeAll(() => {
    program = new ChildProgram();
  });
  afterAll(() => program?.remove());

  it('limits the sessions that one address creates, but not visitors with a session', async () => {
    const child = program.start('test/readme/throttle.ts', platform);
    const [url] = (await once(child, 'message')) as [string];
    const visitor = new Browser(url);
    const newVisitor = () => new Browser(url).post('/cart');
    for (let request = 1; request <= 30; request++) expect((await visitor.post('/cart')).status).toBe(201);
    for (let others = 2; others <= 20; others++) expect((await newVisitor()).status).toBe(201);

    const refused = await newVisitor();

    expect([refused.status, refused.setCookies]).toEqual([429, []]);
    expect((await visitor.post('/cart')).status).toBe(201);
    child.disconnect();
    await once(child, 'exit');
  });
});
