import { setTimeout as sleep } from 'node:timers/promises';
import { freePort } from '../support/free-port.js';
import { applicationFaults } from './application-faults.js';
import { ApplicationProcess } from './application-process.js';
import { calm } from './calm.js';
import { injectFaults } from './fault.js';
import { Figures } from './figures.js';
import { Graveyard } from './graveyard.js';
import { Lines } from './lines.js';
import { LockWatch } from './lock-watch.js';
import { networkFaults } from './network-faults.js';
import { answered } from './patience.js';
import { Random } from './random.js';
import type { SoakArguments } from './soak-arguments.js';
import { dataKey, soakOptions } from './soak-options.js';
import type { SoakSession } from './soak-session.js';
import { actions, SoakSite } from './soak-site.js';
import { StoredSessions } from './stored-sessions.js';
import { startTopology, type Topology } from './topology.js';
import { Visitor } from './visitor.js';

const VISITORS = 8;
const LATEST_MILLISECONDS = 5000;
/** This part of the time everything is well but the event loops of the applications, which stall. */
const CALM = 0.15;

/** Two applications over one Redis, visitors who use them, and everything that goes wrong in between. */
export class Soak {
  readonly figures = new Figures();
  readonly #random: Random;
  #topology!: Topology;
  #lines: Lines[] = [];
  #apps: ApplicationProcess[] = [];

  constructor(private readonly given: SoakArguments) {
    this.#random = new Random(given.seed);
  }

  async run(): Promise<void> {
    try {
      await this.#start();
      await this.#soak();
    } finally {
      await this.stop();
    }
  }

  async stop(): Promise<void> {
    for (const app of this.#apps) app.onCrash = undefined;
    await Promise.all(this.#apps.map((app) => app.kill()));
    await Promise.all(this.#lines.map((lines) => lines.stop()));
    await this.#topology?.stop();
  }

  async #start(): Promise<void> {
    this.#topology = await startTopology(this.given.topology);
    const redis = { ...this.#topology.connection, retryTimeoutInMilliseconds: this.given.retries };
    for (const platform of ['express', 'fastify'] as const) {
      const count = (name: string): void => this.figures.fault(name);
      const lateWithin = LATEST_MILLISECONDS;
      const traffic = { met: new Set<string>(), random: this.#random.fork(), lateWithin, count };
      const lines = await Lines.start(this.#topology, traffic);
      this.#lines.push(lines);
      const app = new ApplicationProcess({ platform, port: await freePort(), redis, ports: lines.ports });
      app.onCrash = (last) => this.#crashed(app, last);
      this.#apps.push(app);
    }
    await Promise.all(this.#apps.map((app) => app.start()));
  }

  async #soak(): Promise<void> {
    const milliseconds = this.given.minutes * 60_000;
    const end = performance.now() + milliseconds * (1 - CALM);
    const over = (): boolean => performance.now() >= end;
    const site = new SoakSite(this.#apps, this.figures, this.given.retries);
    const stored = new StoredSessions(this.#topology);
    const graveyard = new Graveyard();
    const locks = new LockWatch(this.#topology, this.figures);
    const visitors = Array.from(
      { length: VISITORS },
      (_, index) => new Visitor(site, graveyard, this.#random.fork(), `v${index}`, stored),
    );
    const faults = this.#faults(() => visitors.flatMap(({ sessionId: id }) => (id ? [dataKey(id)] : [])));
    await Promise.all([
      ...visitors.map((visitor) => visitor.run(over)),
      ...faults.map((inject) => inject(over)),
      locks.run(over),
    ]);
    site.calm = true;
    await this.#healed(site);
    await sleep(soakOptions.lock.leaseInMilliseconds + 1000);
    await locks.expectNone();
    await Promise.all(visitors.map((visitor) => visitor.checkOut()));
    await locks.expectNone();
    await calm(this.#apps, visitors, site, this.#random.fork(), milliseconds * CALM);
    for (let visits = 200; visits > 0; visits--) await graveyard.visit(this.#random);
    for (const session of graveyard.ended) await this.#expectGone(session, stored);
  }

  #faults(keys: () => string[]): ((over: () => boolean) => Promise<void>)[] {
    const { figures } = this;
    const often = { from: 100, to: 700 };
    const seldom = { from: 1000, to: 4000 };
    const injected = [
      ...this.#lines.map(({ proxies }) => ({ faults: networkFaults(proxies), rest: often })),
      { faults: this.#topology.faults(keys), rest: often },
      ...this.#apps.map((app) => ({ faults: applicationFaults(app, figures), rest: seldom })),
    ];
    return injected.map(({ faults, rest }) => {
      const random = this.#random.fork();
      return (over) => injectFaults(faults, rest, figures, random, over);
    });
  }

  #crashed(app: ApplicationProcess, last: string): void {
    const kind = `the application on ${app.name} ended by itself`;
    this.figures.violated(kind, [], { seen: last.trim().replaceAll('\n', '\n    ') });
    void app.start();
  }

  async #expectGone(session: SoakSession, stored: StoredSessions): Promise<void> {
    const hash = await stored.secretHash(session.id);
    if (hash === undefined || session.mayLeave(hash)) return;
    session.violated('it has ended and is in Redis');
  }

  /** When nothing is wrong any more, both applications serve sessions again, by themselves. */
  async #healed(site: SoakSite): Promise<void> {
    const tenTimes = async (): Promise<boolean> => {
      for (let good = 0; good < 10; good++) {
        const reply = await site.send(actions.create, this.#random, () => [], { body: { label: 'after' } });
        if (reply.status !== 201) return false;
      }
      return true;
    };
    if (!(await answered(tenTimes)))
      this.figures.violated('the applications are not well again after the faults', []);
  }
}
