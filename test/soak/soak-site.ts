import { setTimeout as sleep } from 'node:timers/promises';
import type { ApplicationProcess } from './application-process.js';
import type { Figures } from './figures.js';
import type { Random } from './random.js';
import { requestBound } from './soak-options.js';
import { send, type SoakReply } from './soak-client.js';

/** A kind of request, and what it may cost the store. */
export interface Action {
  readonly name: string;
  readonly method?: 'GET';
  /** Operations of the store that one such request makes at most. */
  readonly operations: number;
  readonly exclusive?: boolean;
  /** What it ends where it succeeds. */
  readonly ends?: 'session' | 'credential';
  /** Its answer says nothing of the session. */
  readonly blind?: boolean;
}

export const actions = {
  create: { name: 'create', operations: 1 },
  createSaved: { name: 'create-saved', operations: 3 },
  read: { name: 'read', method: 'GET', operations: 1 },
  set: { name: 'set', operations: 2 },
  setLater: { name: 'set-later', operations: 2 },
  push: { name: 'push', operations: 2 },
  save: { name: 'save', operations: 3 },
  remember: { name: 'remember', operations: 2 },
  // Loaded, waited for, read under the lock, stored, unlocked.
  increment: { name: 'increment', operations: 5, exclusive: true },
  rotate: { name: 'rotate', operations: 2, ends: 'credential' },
  rotateSaved: { name: 'rotate-saved', operations: 3, ends: 'credential' },
  // Ended twice at most: the end of the request tries again what the verb could not do.
  regenerate: { name: 'regenerate', operations: 3, ends: 'session' },
  destroy: { name: 'destroy', operations: 3, ends: 'session' },
  fail: { name: 'fail', operations: 2, blind: true },
  refuse: { name: 'refuse', operations: 2, blind: true },
  stream: { name: 'stream', operations: 2, blind: true },
} as const satisfies Record<string, Action>;

/** What an action is given. */
export interface Given {
  readonly body?: object | undefined;
  readonly credential?: string | undefined;
  readonly leaveAfter?: number | undefined;
}

/** The two applications, as visitors see them: any of them answers. */
export class SoakSite {
  /** Nothing is wrong with Redis or the lines: no write is marked to be lost or late. */
  calm = false;

  constructor(
    private readonly apps: readonly ApplicationProcess[],
    readonly figures: Figures,
    private readonly retryTimeoutInMilliseconds: number,
  ) {}

  /** Sends a request to one of the applications, and holds its answer against the bound. `note` is told of it. */
  async send(
    action: Action,
    random: Random,
    note: (line: string) => readonly string[],
    given: Given,
  ): Promise<SoakReply> {
    const serving = this.apps.filter(({ serves }) => serves);
    const app = random.pick(serving.length > 0 ? serving : this.apps);
    const { name, method = 'POST', operations, exclusive = false } = action;
    const reply = await send(app, { method, path: `/${name}`, ...given });
    const { begin, end, status } = reply;
    const history = note(lineOf(app, action, given, reply));
    this.figures.count('operations', name);
    this.figures.count('answers', answerName(reply));
    const bound = requestBound(operations, exclusive, this.retryTimeoutInMilliseconds);
    const took = end - begin - app.pausedWithin(begin, end);
    this.figures.took(`${name} on ${app.name}`, took, bound);
    if (took > bound)
      this.figures.violated(`a request outlived its deadline: ${Math.round(took)} ms of ${bound}`, history, {
        kind: 'a request outlived its deadline',
      });
    // A visitor who met an error waits a little; what fails at once would be all that happens.
    if (typeof status !== 'number' || status >= 500) await sleep(random.integer(10, 60));
    return reply;
  }
}

/** The code of an error that an application answered with. */
export function codeOf(reply: SoakReply): string | undefined {
  return (reply.body as { code?: string } | null | undefined)?.code;
}

function lineOf(app: ApplicationProcess, { name }: Action, given: Given, reply: SoakReply): string {
  const { begin, end, status, credential } = reply;
  const asked = [short(given.credential), JSON.stringify(given.body)].filter(Boolean).join(' ');
  const answered = [
    status,
    JSON.stringify(reply.body),
    credential === undefined ? '' : `Set-Cookie ${short(credential)}`,
  ];
  return `${begin.toFixed(0)}–${end.toFixed(0)} ${app.name} ${name} ${asked} → ${answered.join(' ')}`;
}

/** Enough of a credential to tell it from others. */
function short(credential: string | undefined): string | undefined {
  return credential?.replace(/^(.{6})[^.]*\.(.{4}).*$/, '$1….$2…');
}

function answerName(reply: SoakReply): string {
  return [reply.status, codeOf(reply)].filter((part) => part !== undefined).join(' ');
}
