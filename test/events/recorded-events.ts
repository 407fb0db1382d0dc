import type { SessionEvent } from 'nestjs-redis-session';

/** Keeps the events that it hears. */
export class RecordedEvents {
  readonly all: SessionEvent[] = [];
  readonly listener = (event: SessionEvent): void => void this.all.push(event);

  named<Name extends SessionEvent['name']>(name: Name): Extract<SessionEvent, { name: Name }>[] {
    return this.all.filter((event): event is Extract<SessionEvent, { name: Name }> => event.name === name);
  }

  take(): SessionEvent[] {
    return this.all.splice(0);
  }
}
