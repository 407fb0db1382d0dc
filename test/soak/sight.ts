import { GoneException } from '@nestjs/common';
import type { Session } from 'nestjs-redis-session';

export type AnySession = Session<Record<string, unknown>>;

/** What a request saw of its session, after what it did there. */
export interface Sight {
  readonly id: string;
  readonly idle: number;
  readonly attributes: Record<string, unknown>;
  /** When the handler ended, by the clock of the machine: what it changed was not stored before. */
  readonly endedAt: number;
}

export function fresh(session: AnySession): AnySession {
  if (!session.isNew) throw new Error('A request without a credential has a session.');
  return session;
}

// A presented credential opened nothing: the visitor is told so, and nothing is stored.
export function there(session: AnySession): AnySession {
  if (session.isNew) throw new GoneException();
  return session;
}

export function assign(session: AnySession, attributes: object): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null) delete session[name];
    else session[name] = value;
  }
}

export function sight(session: AnySession): Sight {
  return {
    id: session.id,
    idle: session.idleTimeoutInSeconds,
    attributes: { ...session },
    endedAt: performance.timeOrigin + performance.now(),
  };
}
