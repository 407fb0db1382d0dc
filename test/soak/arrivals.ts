import { setTimeout as sleep } from 'node:timers/promises';
import { marked, marks } from './marked-line.js';
import type { Random } from './random.js';
import type { Sight } from './sight.js';
import { outcomeOf } from './outcome.js';
import { answered } from './patience.js';
import type { SoakReply } from './soak-client.js';
import { actions, type SoakSite } from './soak-site.js';
import { SoakSession } from './soak-session.js';

/** How often the line loses the reply of a create, or delivers it late. */
const MARKED = 0.15;

/** The ways to create a session. */
type Creation = typeof actions.create | typeof actions.createSaved | typeof actions.regenerate;

/** A session that an application has given to a visitor. */
export interface Created {
  readonly action: Creation;
  readonly sight: Sight;
  readonly credential: string;
  readonly attributes: Record<string, string>;
}

/** How visitors come to have sessions. */
export class Arrivals {
  constructor(
    private readonly site: SoakSite,
    private readonly random: Random,
  ) {}

  any(label: string): Promise<Created | undefined> {
    return this.random.chance(0.4) ? this.createSaved(label) : this.create(label);
  }

  begin(label: string, { action, sight, credential, attributes }: Created): SoakSession {
    const session = new SoakSession(this.site, this.random, label, sight.id, credential);
    session.createdInSpite = action === actions.createSaved;
    session.history.push(`created with ${JSON.stringify(attributes)}`);
    return session;
  }

  create(label: string, options: { idle?: number } = {}): Promise<Created | undefined> {
    const attributes = { label, mark: this.mark(label, 'create') };
    return this.#created(actions.create, { ...attributes, ...options }, attributes);
  }

  /** Stores one half by itself: where that loses its reply, the end of the request stores the whole. */
  createSaved(label: string): Promise<Created | undefined> {
    const first = { label, a0: this.mark(label, 'create-saved', 2 * MARKED) };
    const second = { b0: `${label}/second` };
    return this.#created(actions.createSaved, { first, second }, { ...first, ...second });
  }

  async #created(
    action: Creation,
    body: object,
    attributes: Created['attributes'],
  ): Promise<Created | undefined> {
    const reply = await this.#ask(action, body);
    if (reply === undefined) {
      await sleep(this.random.integer(20, 100));
      return undefined;
    }
    const { credential } = reply;
    if (credential) return { action, sight: reply.body as Sight, credential, attributes };
    this.site.figures.violated('a session was created without a credential', onlyThis(action.name));
    return undefined;
  }

  /** Nothing is wrong while it is calm: one of several tries must be answered. */
  async #ask(action: Creation, body: object) {
    let reply: SoakReply | undefined;
    const ask = async (): Promise<boolean> => {
      const answer = await this.site.send(action, this.random, onlyThis, { body });
      if (outcomeOf(answer) === 'done') reply = answer;
      return reply !== undefined;
    };
    if (!this.site.calm) await ask();
    else if (!(await answered(ask)))
      this.site.figures.violated('no session can be created, and nothing is wrong', onlyThis(action.name));
    return reply;
  }

  mark(label: string, operation: string, probability = MARKED): string {
    const isMarked = !this.site.calm && this.random.chance(probability);
    return isMarked ? marked(label, this.random.pick(marks), operation) : label;
  }
}

function onlyThis(line: string): string[] {
  return [line];
}
