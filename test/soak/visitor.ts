import { setTimeout as sleep } from 'node:timers/promises';
import { Arrivals, type Created } from './arrivals.js';
import type { Graveyard } from './graveyard.js';
import type { Random } from './random.js';
import { LATE_WITHIN_MILLISECONDS } from './register.js';
import { SessionInspection } from './session-inspection.js';
import { actions, type SoakSite } from './soak-site.js';
import type { SoakSession } from './soak-session.js';
import type { StoredSessions } from './stored-sessions.js';
import { Tab } from './tab.js';

const TABS = 3;
const ROUNDS_OF_A_SESSION = 12;
const SHORT_IDLE_IN_SECONDS = 1;
const TRIES = 6;
/** Somebody with one session at a time and some windows, all of which use it at once, round by round. */
export class Visitor {
  #session: SoakSession | undefined;
  #tabs: Tab[] = [];
  #sessions = 0;
  readonly #inspection: SessionInspection;
  readonly #arrivals: Arrivals;

  constructor(
    site: SoakSite,
    private readonly graveyard: Graveyard,
    private readonly random: Random,
    private readonly name: string,
    stored: StoredSessions,
  ) {
    this.#arrivals = new Arrivals(site, random);
    this.#inspection = new SessionInspection(stored);
  }

  /** The id of the session that is in use. */
  get sessionId(): string | undefined {
    return this.#session?.id;
  }

  async run(over: () => boolean): Promise<void> {
    for (let round = 0; !over(); round++) {
      if (this.#session === undefined || this.#session.over) await this.#arrive();
      else if (round % ROUNDS_OF_A_SESSION === 0) await this.#logOut();
      else await this.#round();
      if (this.random.chance(0.3)) await this.graveyard.visit(this.random);
    }
  }

  /** After the faults, the session must be there and hold what it must hold. */
  async checkOut(): Promise<void> {
    const session = this.#session;
    if (session === undefined || session.over) return;
    for (const tab of this.#tabs) await tab.read();
    await this.#rush();
  }

  async #arrive(): Promise<void> {
    if (this.random.chance(0.15)) await this.#sleeper();
    const label = this.#label();
    const created = await this.#arrivals.any(label);
    if (created) this.#adopt(label, created);
  }

  /** A session with a short timeout of its own, which is used a little and then left alone until it is over. */
  async #sleeper(): Promise<void> {
    const label = this.#label();
    const created = await this.#arrivals.create(label, { idle: SHORT_IDLE_IN_SECONDS });
    if (!created) return;
    const session = this.#arrivals.begin(label, created);
    session.life.threaten(0);
    const tab = new Tab(session, this.random, 0, SHORT_IDLE_IN_SECONDS);
    for (let uses = this.random.integer(0, 3); uses > 0; uses--) await tab.work();
    const overAt = performance.now() + SHORT_IDLE_IN_SECONDS * 1000 + LATE_WITHIN_MILLISECONDS;
    session.life.end(overAt);
    this.graveyard.bury(session, session.credential, overAt);
  }

  #round(): Promise<unknown> {
    const [first, second, ...others] = this.#tabs as [Tab, Tab, Tab];
    const kind = this.random.next();
    if (kind < 0.4) return this.#together(this.#tabs.map((tab) => () => this.#work(tab)));
    if (kind < 0.5) return this.#together(this.#tabs.map((tab) => () => tab.share()));
    if (kind < 0.62) return this.#rush();
    if (kind < 0.7) return this.#remember();
    const rest = others.map((tab) => () => this.#work(tab));
    if (kind < 0.82) return this.#together([() => first.rotate(), () => this.#work(second), ...rest]);
    if (kind < 0.87) return this.#together([() => first.rotate(), () => second.rotate(), ...rest]);
    if (kind < 0.94) return this.#logOut();
    return this.#regenerate();
  }

  /** Does it all at once, and then looks whether everything is as it must be. */
  async #together(works: (() => Promise<unknown>)[]): Promise<void> {
    const session = this.#session!;
    const before = new Set(session.replaced);
    await Promise.all(works.map((work) => work()));
    for (const credential of session.replaced)
      if (!before.has(credential)) this.graveyard.bury(session, credential);
    await this.#inspection.of(session);
    if (session.over) return;
    const { sight, begin, end } = await this.#tabs[0]!.read();
    if (sight) for (const tab of this.#tabs) tab.see(sight, { begin, end });
  }

  /** One window sets a longer idle timeout while the others read. */
  #remember(): Promise<void> {
    const [first, ...others] = this.#tabs as [Tab, Tab, Tab];
    const reads = others.map((tab) => async () => {
      for (let count = 0; count < 3; count++) await tab.read();
    });
    return this.#together([() => first.remember(), ...reads]);
  }

  async #work(tab: Tab): Promise<void> {
    for (let count = this.random.integer(1, 4); count > 0 && !this.#session!.over; count--) {
      await tab.work();
      await sleep(this.random.integer(0, 30));
    }
  }

  /** Many exclusive requests at once; some hold the lock for a while. */
  #rush(): Promise<void> {
    const hold = this.random.chance(0.3) ? this.random.integer(10, 120) : 0;
    const tabs = [...this.#tabs, ...this.#tabs];
    return this.#together(tabs.map((tab) => () => tab.increment(hold)));
  }

  /** One window logs out while the others go on. */
  async #logOut(): Promise<void> {
    const session = this.#session!;
    const [, ...others] = this.#tabs;
    await this.#together([() => this.#destroy(session), ...others.map((tab) => () => this.#work(tab))]);
    this.#leave(session);
  }

  async #destroy(session: SoakSession): Promise<void> {
    for (let tries = 0; tries < TRIES && !session.over; tries++) await session.request(actions.destroy);
  }

  /** One window gets a new session in the place of the old one while the others go on with that. */
  async #regenerate(): Promise<void> {
    const session = this.#session!;
    const label = this.#label();
    const [, ...others] = this.#tabs;
    let next: Created | undefined;
    const regenerate = async (): Promise<void> => {
      const attributes = { label, mark: this.#arrivals.mark(label, 'regenerate') };
      const { sight, credential } = await session.request(actions.regenerate, attributes);
      if (sight && !credential) session.violated('it was regenerated without a new credential');
      if (sight && credential) next = { action: actions.regenerate, sight, credential, attributes };
      else await this.#destroy(session);
    };
    await this.#together([regenerate, ...others.map((tab) => () => this.#work(tab))]);
    this.#leave(session);
    if (next) this.#adopt(label, next);
  }

  #leave(session: SoakSession): void {
    if (session.life.ended) this.graveyard.bury(session, session.credential);
    this.#session = undefined;
  }

  #adopt(label: string, created: Created): void {
    const session = this.#arrivals.begin(label, created);
    this.#session = session;
    this.#tabs = Array.from({ length: TABS }, (_, index) => new Tab(session, this.random.fork(), index));
    for (const tab of this.#tabs) tab.knows(created.attributes);
  }

  #label(): string {
    return `${this.name}-${++this.#sessions}.`;
  }
}
