import type { SessionDestroyReason } from './session-observer.js';

interface Event<Name extends string> {
  /** What happened. Also the name under which emitters emit the event. */
  readonly name: Name;
  /** The option `applicationName`: tells registrations apart. */
  readonly applicationName: string;
  /** The public id of the session, for `SessionRepository.find`. Not a secret. */
  readonly id: string;
}

/** A session was stored for the first time. */
export type SessionCreatedEvent = Event<'session.created'>;

/** A session was bound to a user whom it did not have: a login. */
export interface SessionBoundEvent extends Event<'session.bound'> {
  /** The user as text: the value of `session.user`, or what `indexes.user` returned. */
  readonly user: string;
}

/** A session got a new secret. The id stays the same. */
export type SessionRotatedEvent = Event<'session.rotated'>;

/** A session was ended by the application. */
export interface SessionDestroyedEvent extends Event<'session.destroyed'> {
  readonly reason: SessionDestroyReason;
}

/** A session ended because its idle or absolute timeout was over. */
export interface SessionExpiredEvent extends Event<'session.expired'> {
  /** The attributes that the option `listedAttributes` names. One that cannot be read is left out. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Clients presented wrong secrets for sessions that exist. At most once a minute for each process. */
export interface SessionForgedEvent extends Event<'session.forged'> {
  /** The number of attempts since the last event, for any session. `id` is that of the latest one. */
  readonly count: number;
}

/** A save was refused, because its request no longer held the lock of an `exclusive` session. Nothing was written. */
export type SessionLockLostEvent = Event<'session.lockLost'>;

/** What happened to a session. Contains no secret. */
export type SessionEvent =
  | SessionCreatedEvent
  | SessionBoundEvent
  | SessionRotatedEvent
  | SessionDestroyedEvent
  | SessionExpiredEvent
  | SessionForgedEvent
  | SessionLockLostEvent;

type WithoutApplication<E> = E extends SessionEvent ? Omit<E, 'applicationName'> : never;

/** Reports an event of the application. Never throws. */
export type EmitSessionEvent = (event: WithoutApplication<SessionEvent>) => void;

/** An emitter of events, such as the `EventEmitter2` of @nestjs/event-emitter, or that of Node.js. */
export interface SessionEventEmitter {
  emit(name: SessionEvent['name'], event: SessionEvent): unknown;
}

/** Where events go: a function, or an emitter that emits each under its name. */
export type SessionEventTarget = ((event: SessionEvent) => unknown) | SessionEventEmitter;
