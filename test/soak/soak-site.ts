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
}

export const actions = {
  create: { name: 'create', operations: 1 },
  read: { name: 'read', method: 'GET', operations: 1 },
  set: { name: 'set', operations: 2 },
  push: { name: 'push', operations: 2 },
  save: { name: 'save', operations: 3 },
  // Loaded, waited for, read under the lock, stored, unlocked.
  increment: { name: 'increment', operations: 5, exclusive: true },
  rotate: { name: 'rotate', operations: 2, ends: 'credential' },
  // Ended twice at most: the end of the request tries again what the verb could not do.
  regenerate: { name: 'regenerate', operations: 3, ends: 'session' },
  destroy: { name: 'destroy', operations: 3, ends: 'session' },
} as const satisfies Record<string, Action>;

/** The two applications, as visitors see them: any of them answers. */
export class SoakSite {
  constructor(
    private readonly apps: readonly ApplicationProcess[],
    readonly figures: Figures,
  ) {}

  /** Sends a request to one of the applications, and holds its answer against the bound. `note` is told of it. */
  async send(
    action: Action,
    random: Random,
    note: (line: string) => readonly string[],
    given: { body?: object | undefined; credential?: string | undefined },
  ): Promise<SoakReply> {
    const app = random.pick(this.apps);
    const { name, method = 'POST', operations, exclusive = false } = action;
    const reply = await send(app, { method, path: `/${name}`, ...given });
    const { begin, end, status } = reply;
    const history = note(
      `${begin.toFixed(0)}–${end.toFixed(0)} ${app.name} ${name} ${JSON.stringify(given)} → ${status} ${JSON.stringify(reply.body)} ${reply.credential ?? ''}`,
    );
    this.figures.count('operations', name);
    this.figures.count('answers', answerName(reply));
    const bound = requestBound(operations, exclusive);
    const took = end - begin - app.pausedWithin(begin, end);
    this.figures.took(`${name} on ${app.name}`, took, bound);
    if (took > bound)
      this.figures.violated(`a request outlived its deadline: ${Math.round(took)} ms of ${bound}`, history);
    return reply;
  }
}

/** The code of an error that an application answered with. */
export function codeOf(reply: SoakReply): string | undefined {
  return (reply.body as { code?: string } | null | undefined)?.code;
}

function answerName(reply: SoakReply): string {
  return [reply.status, codeOf(reply)].filter((part) => part !== undefined).join(' ');
}
