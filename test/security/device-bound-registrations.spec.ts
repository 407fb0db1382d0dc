import { Controller } from '@nestjs/common';
import { afterEach, describe, expect, it } from '@jest/globals';
import { RedisSessionModule, type SessionOptionsError } from 'nestjs-redis-session';
import { dbsc, type DbscOptions } from 'nestjs-redis-session/dbsc';
import { platforms } from '../http/http-app.js';
import { type Bank, BankController, KEY, startBank } from './device-bound-app.js';
import { challengeIn, deviceBrowser, proofOf } from './device-browser.js';

@Controller('staff')
class StaffController extends BankController {}

describe.each(platforms)('two registrations that bind sessions with the same keys, on %s', (platform) => {
  let bank: Bank | undefined;
  afterEach(async () => {
    await bank?.close();
    bank = undefined;
  });

  async function start(options: DbscOptions = {}): Promise<Bank> {
    return (bank = await startBank(
      platform,
      { mode: 'enforce', ...options },
      {
        imports: [
          RedisSessionModule.forRoot({
            store: 'memory',
            name: 'staff',
            forRoutes: ['staff'],
            cookie: { name: 'staff' },
            deviceBound: dbsc({ mode: 'enforce', keys: [KEY], ...options }),
          }),
        ],
        controllers: [StaffController, BankController],
      },
    ));
  }
  const both = async () => {
    const { web } = (await start()).device();
    return {
      web,
      customer: await deviceBrowser(web).bind('ada'),
      clerk: await deviceBrowser(web, '/staff', 'staff-device').bind('bob'),
    };
  };

  it('have endpoints, cookies and keys of their own', async () => {
    const { customer, clerk } = await both();
    expect(customer.session!.refresh_url).toBe('/device-session/refresh');
    expect(clerk.session!.refresh_url).toBe('/device-session/staff/refresh');
    expect(await customer.me()).toMatchObject({ user: 'ada', deviceBound: 'bound' });
    expect(await clerk.me()).toMatchObject({ user: 'bob', deviceBound: 'bound' });
    for (const browser of [customer, clerk]) expect((await browser.refresh()).status).toBe(200);
  });

  it('do not take the bound cookie of the other one', async () => {
    const { web, customer, clerk } = await both();
    web.setCookie(clerk.cookie, web.cookie(customer.cookie)!);
    expect(await clerk.me()).toEqual({ isNew: true });
    expect(await customer.me()).toMatchObject({ deviceBound: 'bound' });
  });

  it('do not take proofs at the endpoint of the other one', async () => {
    const { web, customer, clerk } = await both();
    const headers = {
      'sec-secure-session-id': clerk.session!.session_identifier,
      'secure-session-response': proofOf(clerk.keys, challengeIn(await clerk.prove())),
    };
    expect((await web.post(customer.session!.refresh_url, undefined, { headers })).status).toBe(404);
    expect((await web.post(clerk.session!.refresh_url, undefined, { headers })).status).toBe(200);
  });

  it('cannot share a path: the application does not start', async () => {
    const paths = { registration: '/keys/new', refresh: '/keys/proof' };
    const fault = await start({ paths }).then(
      () => undefined,
      (error: SessionOptionsError) => error.faults.join(),
    );
    expect(fault).toMatch(
      /both receive the proofs of devices at "\/keys\/new"\. Set paths of dbsc\(\) for one of them/,
    );
  });
});
