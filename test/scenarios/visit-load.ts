import { Controller, Get, GoneException, Post } from '@nestjs/common';
import { type Session as SessionObject, Session, SessionState } from 'nestjs-redis-session';
import { setTimeout as sleep } from 'node:timers/promises';
import { eventually } from '../support/eventually.js';
import type { Browser } from '../support/http-browser.js';

type Visits = SessionObject<{ visits: number; orders: number }>;

/** Counts in a session: `visits` without a lock, `orders` under the lock. */
@Controller()
export class VisitController {
  @Post('arrive')
  arrive(@Session() session: Visits) {
    return Object.assign(session, { visits: 0, orders: 0 });
  }

  @Post('visits')
  visit(@Session() session: Visits) {
    there(session).visits!++;
    return { ...session, id: session.id };
  }

  @Post('orders')
  @SessionState('exclusive')
  order(@Session() session: Visits) {
    there(session).orders!++;
    return { ...session, id: session.id };
  }

  @Get('visits')
  @SessionState('read-only')
  show(@Session() session: Visits) {
    return { ...there(session), id: session.id };
  }

  @Post('leave')
  leave(@Session() session: Visits) {
    return there(session).destroy();
  }
}

function there(session: Visits): Visits {
  if (session.isNew) throw new GoneException();
  return session;
}

/** One visitor, who sends one request after the other and records the acknowledged ones. */
export class Visitor {
  /** The last acknowledged counters, which the session must at least contain. */
  readonly acknowledged = { visits: 0, orders: 0 };
  /** Requests without an answer, each of which may have counted. */
  readonly unknown = { visits: 0, orders: 0 };
  /** Acknowledged writes that the new master had not received. */
  lost = 0;
  readonly statuses: number[] = [];
  longestRequest = 0;
  /** The longest time between two successful requests with failures between them. */
  longestOutage = 0;
  id = '';
  /** When the latest request succeeded. */
  wellAt = 0;

  constructor(private readonly browser: Browser) {}

  async arrive(): Promise<this> {
    const { status } = await this.browser.post('/arrive');
    if (status !== 201) throw new Error(`A session could not be made: ${status}`);
    ({ id: this.id } = await this.read());
    return this;
  }

  async read(): Promise<{ id: string; visits: number; orders: number }> {
    const answer = await this.browser.get('/visits');
    if (answer.status !== 200) throw new Error(`The session cannot be read: ${answer.status} ${answer.text}`);
    return answer.json();
  }

  async leave(): Promise<number> {
    return (await this.browser.post('/leave')).status;
  }

  async load(over: () => boolean): Promise<void> {
    this.wellAt = performance.now();
    for (let turn = 0; !over(); turn++) {
      await this.#count(turn % 3 === 0 ? 'orders' : 'visits');
      await sleep(5);
    }
  }

  async #count(what: 'visits' | 'orders'): Promise<void> {
    const begin = performance.now();
    const answer = await this.browser.post(`/${what}`);
    const end = performance.now();
    this.statuses.push(answer.status);
    this.longestRequest = Math.max(this.longestRequest, end - begin);
    if (answer.status === 201) {
      const count = Number(answer.json()[what]);
      this.lost += Math.max(0, this.acknowledged[what] + 1 - count);
      this.acknowledged[what] = count;
      this.longestOutage = Math.max(this.longestOutage, end - this.wellAt);
      this.wellAt = end;
    } else this.unknown[what]++;
  }
}

/** Runs all visitors during an action, and then until all are served again. */
export async function loadDuring(visitors: Visitor[], happens: () => Promise<unknown>): Promise<void> {
  let over = false;
  const load = Promise.all(visitors.map((visitor) => visitor.load(() => over)));
  try {
    await sleep(300);
    await happens();
    const since = performance.now();
    await eventually(() => visitors.every(({ wellAt }) => wellAt > since), { within: 20_000 });
  } finally {
    over = true;
    await load;
  }
}

/** A report of the load for people. */
export function summary(visitors: Visitor[]): string {
  const statuses = visitors.flatMap((visitor) => visitor.statuses);
  const failed = statuses.filter((status) => status !== 201).length;
  const longest = (of: (visitor: Visitor) => number) => Math.round(Math.max(...visitors.map(of)));
  const lost = visitors.reduce((sum, visitor) => sum + visitor.lost, 0);
  return [
    `${statuses.length} requests, ${failed} failed`,
    `requests failed for ${longest((one) => one.longestOutage)} ms at most`,
    `the longest one took ${longest((one) => one.longestRequest)} ms`,
    `${lost} acknowledged writes are lost`,
  ].join('; ');
}
