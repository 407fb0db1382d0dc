import { Counter } from './counter.js';
import { Life } from './life.js';
import type { Random } from './random.js';
import type { Sight } from './soak.controller.js';
import { codeOf, type Action, type SoakSite } from './soak-site.js';
import type { SoakReply } from './soak-client.js';

/** How a request ended: it did what it was asked for, it did nothing, or nobody knows. */
export interface Result {
  readonly outcome: 'done' | 'refused' | 'unknown';
  readonly sight: Sight | undefined;
  readonly begin: number;
  readonly end: number;
  readonly credential: string | undefined;
}

interface Credential {
  readonly life: Life;
  replaced: boolean;
}

/** One session as its visitor knows it: every request through it is judged by what may be true. */
export class SoakSession {
  readonly life = new Life();
  readonly counter = new Counter();
  readonly history: string[] = [];
  #credentials = new Map<string, Credential>();

  constructor(
    private readonly site: SoakSite,
    private readonly random: Random,
    /** Every text in the session begins with it. */
    readonly label: string,
    readonly id: string,
    public credential: string,
  ) {
    this.#credentials.set(credential, { life: new Life(), replaced: false });
  }

  /** Whether this session has an end, or its visitor no credential any more. */
  get over(): boolean {
    return this.life.ended || this.#credentials.get(this.credential)!.life.ended;
  }

  /** The credentials that were rotated away. */
  get replaced(): string[] {
    return [...this.#credentials].filter(([, { replaced }]) => replaced).map(([text]) => text);
  }

  /** Sends a request with the latest credential, or with another one of this session. */
  async request(action: Action, body?: object, text = this.credential): Promise<Result> {
    const credential = this.#credentials.get(text)!;
    const threatened = action.ends === 'session' ? this.life : credential.life;
    const threat = action.ends && threatened.threaten(performance.now());
    const reply = await this.site.send(action, this.random, (line) => this.#note(line), {
      body,
      credential: text,
    });
    const outcome = outcomeOf(reply);
    // First of all: a request that did nothing does not explain itself.
    if (threat) threatened.resolve(threat, outcome, reply.end);
    this.#judge(reply, outcome, credential);
    if (outcome === 'done') this.#follow(action, reply, credential);
    const sight = outcome === 'done' ? (reply.body as Sight) : undefined;
    return { outcome, sight, begin: reply.begin, end: reply.end, credential: reply.credential };
  }

  violated(what: string): void {
    this.site.figures.violated(`session ${this.label}: ${what}`, this.history);
  }

  #note(line: string): readonly string[] {
    this.history.push(line);
    return this.history;
  }

  #judge(reply: SoakReply, outcome: Result['outcome'], { life }: Credential): void {
    const { begin, end, status } = reply;
    if (outcome === 'done') {
      if (!this.life.found(begin)) this.violated('it is back, and was ended before');
      if (!life.found(begin)) this.violated('a credential opened it that was rotated away before');
    } else if (status === 410) {
      const either = life.mayBeMissed(end) || this.life.mayBeMissed(end);
      if (!either) this.violated('it is gone, and nobody ended it');
      // Which of both it was is told only where one of them is certain.
      (this.life.certain || !life.certain ? life : this.life).end(end);
    } else if (codeOf(reply) === 'SESSION_GONE') {
      if (!this.life.mayBeMissed(end)) this.violated('it is gone, and nobody ended it');
      this.life.end(end);
    } else if (codeOf(reply) === 'SESSION_CONFLICT') {
      if (!life.mayBeMissed(end)) this.violated('its credential was replaced, and nobody rotated it');
      life.end(end);
    } else if (!EXPECTED.has(status)) {
      this.violated(`an answer of ${status}: ${JSON.stringify(reply.body)}`);
    }
  }

  #follow(action: Action, reply: SoakReply, credential: Credential): void {
    const sight = reply.body as Sight;
    if (action.name === 'regenerate') return;
    if (sight.id !== this.id) this.violated(`it has become the session ${sight.id}`);
    if (!isLabelled(sight, this.label)) this.violated("it holds another session's data");
    if (action.name === 'destroy' && reply.credential !== '')
      this.violated('it was destroyed without a removal cookie');
    if (action.name !== 'rotate') return;
    if (credential.replaced) this.violated('two rotations of one credential were acknowledged');
    credential.replaced = true;
    if (!reply.credential) return this.violated('it was rotated without a new credential');
    this.#credentials.set(reply.credential, { life: new Life(), replaced: false });
    this.credential = reply.credential;
  }
}

// Unavailable, locked, the lock lost, the connection lost: what a fault may do to a request.
const EXPECTED = new Set<SoakReply['status']>([503, 423, 409, 'refused', 'lost']);

export function outcomeOf({ status }: SoakReply): Result['outcome'] {
  if (status === 'refused') return 'refused';
  if (status === 'lost' || status >= 500) return 'unknown';
  return status < 300 ? 'done' : 'refused';
}

function isLabelled({ attributes }: Sight, label: string): boolean {
  return Object.values(attributes)
    .flat()
    .every((value) => typeof value === 'number' || String(value).startsWith(label));
}
