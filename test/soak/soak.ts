import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { applicationFaults } from './application-faults.js';
import { ApplicationProcess } from './application-process.js';
import { injectFaults } from './fault.js';
import { Figures } from './figures.js';
import { Graveyard } from './graveyard.js';
import { LockWatch } from './lock-watch.js';
import { networkFaults } from './network-faults.js';
import { Random } from './random.js';
import { serverFaults } from './server-faults.js';
import { soakOptions } from './soak-options.js';
import { actions, SoakSite } from './soak-site.js';
import { Visitor } from './visitor.js';

const VISITORS = 8;
const HEALED_WITHIN_MILLISECONDS = 15_000;
const account = { username: 'shop', accessKey: 'soak' };

/** Two applications over one Redis, visitors who use them, and everything that goes wrong in between. */
export class Soak {
  readonly figures = new Figures();
  readonly #random: Random;
  #server!: RedisServer;
  #proxies: TcpProxy[] = [];
  #apps: ApplicationProcess[] = [];

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  async run(minutes: number): Promise<void> {
    try {
      await this.#start();
      await this.#soak(performance.now() + minutes * 60_000);
    } finally {
      await this.stop();
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.kill()));
    await Promise.all(this.#proxies.map((proxy) => proxy.stop()));
    await this.#server?.stop();
  }

  async #start(): Promise<void> {
    const kept = ['--appendonly', 'yes', '--appendfsync', 'always'];
    const acl = [`${account.username} on >${account.accessKey} ~* &* +@all`];
    this.#server = await RedisServer.start({ args: kept, acl });
    for (const platform of ['express', 'fastify'] as const) {
      const proxy = await TcpProxy.start(this.#server.port);
      this.#proxies.push(proxy);
      const app = { platform, port: await freePort(), redisPort: proxy.port, ...account };
      this.#apps.push(new ApplicationProcess(app));
    }
    await Promise.all(this.#apps.map((app) => app.start()));
  }

  async #soak(end: number): Promise<void> {
    const over = (): boolean => performance.now() >= end;
    const site = new SoakSite(this.#apps, this.figures);
    const graveyard = new Graveyard();
    const locks = new LockWatch(this.#server.admin, this.figures);
    const visitors = Array.from(
      { length: VISITORS },
      (_, index) => new Visitor(site, graveyard, this.#random.fork(), `v${index}`),
    );
    await Promise.all([
      ...visitors.map((visitor) => visitor.run(over)),
      ...this.#faults().map((inject) => inject(over)),
      locks.run(over),
    ]);
    await this.#healed(site);
    await sleep(soakOptions.lock.leaseInMilliseconds + 1000);
    await locks.expectNone();
    await Promise.all(visitors.map((visitor) => visitor.checkOut()));
    await locks.expectNone();
    for (let visits = 200; visits > 0; visits--) await graveyard.visit(this.#random);
    await this.#nothingIsBack(graveyard);
  }

  #faults(): ((over: () => boolean) => Promise<void>)[] {
    const { figures } = this;
    const often = { from: 100, to: 700 };
    const seldom = { from: 1000, to: 4000 };
    const lines = [
      ...this.#proxies.map((proxy) => ({ faults: networkFaults(proxy), rest: often })),
      { faults: serverFaults(this.#server, account), rest: often },
      ...this.#apps.map((app) => ({ faults: applicationFaults(app), rest: seldom })),
    ];
    return lines.map(({ faults, rest }) => {
      const random = this.#random.fork();
      return (over) => injectFaults(faults, rest, figures, random, over);
    });
  }

  /** When nothing is wrong any more, both applications serve sessions again, by themselves. */
  async #healed(site: SoakSite): Promise<void> {
    const deadline = performance.now() + HEALED_WITHIN_MILLISECONDS;
    let good = 0;
    while (good < 10) {
      const reply = await site.send(actions.create, this.#random, () => [], { body: { label: 'after' } });
      good = reply.status === 201 ? good + 1 : 0;
      if (performance.now() > deadline)
        return this.figures.violated('the applications are not well again after the faults', []);
      if (good === 0) await sleep(100);
    }
  }

  async #nothingIsBack(graveyard: Graveyard): Promise<void> {
    for (const id of graveyard.endedIds) {
      const key = `{${soakOptions.applicationName}_${id}}_Data`;
      if (await this.#server.admin.exists(key))
        this.figures.violated(`the session ${id} has ended and is in Redis`, []);
    }
  }
}
