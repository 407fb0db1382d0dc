import { Counter } from './counter.js';
import { Credential, Doubt } from './credential.js';
import { Life } from './life.js';
import { EXPECTED, isMissingFile, type Outcome, outcomeOf, writes } from './outcome.js';
import { answered } from './patience.js';
import type { Random } from './random.js';
import { SharedRegister } from './shared-register.js';
import { OF_THE_HANDLER } from './session-error-filter.js';
import type { Sight } from './sight.js';
import { actions, codeOf, type Action, type SoakSite } from './soak-site.js';
import type { SoakReply } from './soak-client.js';
import { hashOf } from './stored-sessions.js';
import type { Evidence } from './violations.js';

/** How a request ended, and what it saw. */
export interface Result extends Pick<SoakReply, 'status' | 'begin' | 'end' | 'credential'> {
  readonly outcome: Outcome;
  readonly sight: Sight | undefined;
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
  /** What the browser holds since a rotation ended in a 503 has not opened it so far. */
  lockedOut = false;
  /** Its create may have been sent more than once, with a new secret each time. */
  createdInSpite = false;
  #credentials = new Map<string, Credential>();

  constructor(
    private readonly site: SoakSite,
    private readonly random: Random,
    /** Every text in the session begins with it. */
    readonly label: string,
    readonly id: string,
    public credential: string,
  ) {
    this.#credentials.set(credential, new Credential());
  }

  /** Nothing is wrong with Redis and the lines to it. */
  get calm(): boolean {
    return this.site.calm;
  }

  /** Whether this session has an end, or its visitor no credential any more. */
  get over(): boolean {
    return this.lockedOut || this.life.ended || this.#credentials.get(this.credential)!.life.ended;
  }

  /** Whether its visitor may stay locked out. */
  get mayStayLockedOut(): boolean {
    return this.#credentials.get(this.credential)!.doubt?.mayStay === true;
  }

  /** The credentials that were rotated away. */
  get replaced(): string[] {
    return [...this.#credentials].filter(([, { replaced }]) => replaced).map(([text]) => text);
  }

  /**
   * Whether Redis may have it under this secret after its end: a copy of its create that arrives later stores it again, but
   * under a secret that was never given to anybody.
   */
  mayLeave(secretHash: string): boolean {
    return this.createdInSpite && ![...this.#credentials.keys()].some((text) => hashOf(text) === secretHash);
  }

  /** Sends a request with the latest credential, or with another one of this session. */
  async request(action: Action, body?: object, text?: string, leaveAfter?: number): Promise<Result> {
    const result = await this.#send(action, body, text, leaveAfter);
    if (this.calm && result.status === 503) await this.#askAgain();
    return result;
  }

  // Nothing is wrong, but the machine may have stalled: the session must answer when it is asked again.
  async #askAgain(): Promise<void> {
    const read = async (): Promise<boolean> => (await this.#send(actions.read)).status !== 503;
    if (!(await answered(read))) this.violated('it does not answer, and nothing is wrong');
  }

  async #send(action: Action, body?: object, text = this.credential, leaveAfter?: number): Promise<Result> {
    const credential = this.#credentials.get(text)!;
    const threatened = action.ends === 'session' ? this.life : credential.life;
    const threat = action.ends && threatened.threaten(performance.now());
    const rotates = action.ends === 'credential';
    if (rotates) credential.rotations++;
    const given = { body, credential: text, leaveAfter };
    const reply = await this.site.send(action, this.random, (line) => this.#note(line), given);
    const outcome = outcomeOf(reply, action);
    // First of all: a request that did nothing does not explain itself.
    const ended = rotates && isWithoutRotation(reply) ? 'refused' : outcome;
    if (threat) threatened.resolve(threat, ended, reply.end);
    if (rotates && ended === 'refused') credential.rotations--;
    if (outcome === 'done') credential.doubt = undefined;
    if (reply.status === 410 && credential.doubt) this.lockedOut ||= text === this.credential;
    else this.#judge(action, reply, outcome, credential);
    if (outcome === 'done' && !action.blind) this.#follow(action, body, reply, credential);
    if (rotates && reply.status === 503) this.#hold(reply, credential);
    const sight = outcome === 'done' && !action.blind ? (reply.body as Sight) : undefined;
    return { ...reply, outcome, sight };
  }

  violated(what: string, evidence: Evidence = {}): void {
    const of = { kind: what, id: this.id, ...evidence };
    this.site.figures.violated(`session ${this.label}: ${what}`, this.history, of);
  }

  #note(line: string): readonly string[] {
    this.history.push(line);
    return this.history;
  }

  #judge(action: Action, reply: SoakReply, outcome: Outcome, { life }: Credential): void {
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

  // A browser keeps the cookie of a failed answer, too.
  #hold({ credential, restarted = never }: SoakReply, presented: Credential): void {
    if (credential) this.#take(credential).doubt = new Doubt(presented, restarted);
  }

  #take(text: string): Credential {
    const credential = new Credential();
    this.#credentials.set(text, credential);
    this.credential = text;
    return credential;
  }
}

// A handler's clock, and what it does until it answers.
const CLOCKS_DIFFER_BY_MILLISECONDS = 5;

// A rotation that may have happened brings its credential.
function isWithoutRotation({ status, credential }: SoakReply): boolean {
  return status === 503 && !credential;
}

function never(): boolean {
  return false;
}

function isLabelled({ attributes }: Sight, label: string): boolean {
  return Object.values(attributes)
    .flat()
    .every((value) => typeof value === 'number' || String(value).startsWith(label));
}
