import { Counter } from './counter.js';
import { Life } from './life.js';
import type { Random } from './random.js';
import { SharedRegister } from './shared-register.js';
import { OF_THE_HANDLER } from './session-error-filter.js';
import type { Sight } from './sight.js';
import { codeOf, type Action, type SoakSite } from './soak-site.js';
import type { SoakReply } from './soak-client.js';
import type { Evidence } from './violations.js';

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

/** The attributes that every window of a visitor writes. */
export const SHARED = ['s0', 's1'] as const;

/** One session as its visitor knows it: every request through it is judged by what may be true. */
export class SoakSession {
  readonly life = new Life();
  readonly counter = new Counter();
  readonly shared = new Map<string, SharedRegister>(SHARED.map((name) => [name, new SharedRegister()]));
  readonly history: string[] = [];
  /** It has an idle timeout of its own, as far as anybody was told. */
  remembered = false;
  /** What the browser has held since a rotation ended in a 503: it must open the session. */
  inDoubt: string | undefined;
  /** It did not, so far. */
  lockedOut = false;
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

  /** Nothing is wrong with Redis and the lines to it. */
  get calm(): boolean {
    return this.site.calm;
  }

  /** Whether this session has an end, or its visitor no credential any more. */
  get over(): boolean {
    return this.lockedOut || this.life.ended || this.#credentials.get(this.credential)!.life.ended;
  }

  /** The credentials that were rotated away. */
  get replaced(): string[] {
    return [...this.#credentials].filter(([, { replaced }]) => replaced).map(([text]) => text);
  }

  /** Sends a request with the latest credential, or with another one of this session. */
  async request(action: Action, body?: object, text = this.credential, leaveAfter?: number): Promise<Result> {
    const credential = this.#credentials.get(text)!;
    const threatened = action.ends === 'session' ? this.life : credential.life;
    const threat = action.ends && threatened.threaten(performance.now());
    const given = { body, credential: text, leaveAfter };
    const reply = await this.site.send(action, this.random, (line) => this.#note(line), given);
    const outcome = outcomeOf(reply, action);
    // First of all: a request that did nothing does not explain itself.
    if (threat) threatened.resolve(threat, outcome, reply.end);
    if (reply.status === 410 && text === this.inDoubt) this.lockedOut = true;
    else this.#judge(action, reply, outcome, credential);
    if (outcome === 'done' && !action.blind) this.#follow(action, body, reply, credential);
    if (outcome === 'unknown' && action.ends === 'credential') this.#hold(reply, text);
    const sight = outcome === 'done' && !action.blind ? (reply.body as Sight) : undefined;
    return { outcome, sight, begin: reply.begin, end: reply.end, credential: reply.credential };
  }

  violated(what: string, evidence: Evidence = {}): void {
    const of = { kind: what, id: this.id, ...evidence };
    this.site.figures.violated(`session ${this.label}: ${what}`, this.history, of);
  }

  #note(line: string): readonly string[] {
    this.history.push(line);
    return this.history;
  }

  #judge(action: Action, reply: SoakReply, outcome: Result['outcome'], { life }: Credential): void {
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
    } else if (!EXPECTED.has(status) && codeOf(reply) !== OF_THE_HANDLER && !isMissingFile(action, reply)) {
      this.violated(`an answer of ${status}: ${JSON.stringify(reply.body)}`, {
        kind: `an answer of ${status}`,
      });
    }
  }

  #follow(action: Action, body: object | undefined, reply: SoakReply, credential: Credential): void {
    const sight = reply.body as Sight;
    if (action.name === 'regenerate') return;
    if (sight.id !== this.id)
      this.violated(`it has become the session ${sight.id}`, { kind: 'it has become another session' });
    if (!isLabelled(sight, this.label)) this.violated("it holds another session's data");
    if (action.name === 'destroy' && reply.credential !== '')
      this.violated('it was destroyed without a removal cookie');
    if (action.ends === 'credential') return this.#rotated(reply, credential);
    // Only `performance.now()` of this process counts here.
    const storedAfter = sight.endedAt - performance.timeOrigin - CLOCKS_DIFFER_BY_MILLISECONDS;
    if (writes(action, body) && !credential.life.found(storedAfter))
      this.violated('a request wrote whose credential had been rotated away');
  }

  #rotated(reply: SoakReply, credential: Credential): void {
    if (credential.replaced) this.violated('two rotations of one credential were acknowledged');
    credential.replaced = true;
    if (!reply.credential) return this.violated('it was rotated without a new credential');
    this.#take(reply.credential);
  }

  // A browser keeps the cookie of a failed answer as well. Of an answer that was lost it knows nothing.
  #hold(reply: SoakReply, presented: string): void {
    if (reply.status !== 503 || presented !== this.credential) {
      this.inDoubt = undefined;
      return;
    }
    if (reply.credential) {
      this.#take(reply.credential);
      // Nobody has said that it was stored.
      const { life } = this.#credentials.get(reply.credential)!;
      life.resolve(life.threaten(reply.begin), 'unknown', reply.end);
    }
    this.inDoubt = this.credential;
  }

  #take(credential: string): void {
    this.#credentials.set(credential, { life: new Life(), replaced: false });
    this.credential = credential;
    this.inDoubt = undefined;
  }
}

// A handler's clock, and what it does until it answers.
const CLOCKS_DIFFER_BY_MILLISECONDS = 5;

// Unavailable, locked, the lock lost, the connection lost: what a fault may do to a request.
const EXPECTED = new Set<SoakReply['status']>([503, 423, 409, 'refused', 'lost']);

export function outcomeOf(reply: SoakReply, action?: Action): Result['outcome'] {
  const { status, head } = reply;
  if (status === 'refused') return 'refused';
  // The handler failed, and its changes with it; or it refused, and they are kept.
  if (codeOf(reply) === OF_THE_HANDLER) return status === 500 ? 'refused' : 'done';
  // Stored before the first byte.
  if (action?.name === 'stream' && head !== undefined && head < 300) return 'done';
  if (action?.name === 'stream' && (head ?? 0) !== 410 && (head ?? 0) !== 409) return 'unknown';
  // Its first half may have been stored before the second was refused.
  if (action?.name === 'save' && status === 409) return 'unknown';
  if (status === 'lost' || status >= 500) return 'unknown';
  return status < 300 ? 'done' : 'refused';
}

// To remove an attribute that is not there is no write.
function writes({ name }: Action, body: object = {}): boolean {
  return name !== 'destroy' && Object.values(body).some((value) => value !== null);
}

// Platforms differ in what they answer for a stream of a file that is not there.
function isMissingFile({ name }: Action, { status }: SoakReply): boolean {
  return name === 'stream' && (status === 400 || status === 500);
}

function isLabelled({ attributes }: Sight, label: string): boolean {
  return Object.values(attributes)
    .flat()
    .every((value) => typeof value === 'number' || String(value).startsWith(label));
}
