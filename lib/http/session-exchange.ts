import type { ServerResponse } from 'node:http';
import type { Session } from '../session/session.js';
import type { SessionCore } from '../session/session-core.js';
import { sessionOf } from '../session/session-proxy.js';
import type { SessionLifecycle } from './session-lifecycle.js';

/** Where a request keeps its exchange. */
export const EXCHANGE: unique symbol = Symbol('nestjs-redis-session exchange');

/** A request that may carry an exchange. */
export interface SessionCarrier {
  [EXCHANGE]?: SessionExchange | undefined;
}

/**
 * One request, its answer, and the session between them. The lifecycle reads and writes its state; what differs
 * between platforms is how headers are read and set.
 */
export abstract class SessionExchange {
  /** Set while the session is being loaded, and after. */
  begun: Promise<void> | true | undefined;
  /** The session, once there was one to load or somebody asked for it. */
  core: SessionCore | undefined;
  /** Set while an exclusive route waits for the lock of the session, and after. */
  locking: Promise<void> | undefined;
  /** The session whose lock the request holds or has held: `regenerate()` puts another one in `core`. */
  locked: SessionCore | undefined;
  /** The credential that the loaded session was presented with. */
  presented: string | undefined;
  /** The request came with the cookie of other software, whose session is one of ours now. */
  migrated = false;
  /** The session is stored and the answer's headers say so; nothing of this request is stored any more. */
  committed = false;
  /** The route does without a session. */
  disabled = false;
  /** The route does not write, whichever session the request comes to have. */
  readOnly = false;
  #armed = false;

  /** @param lifecycle that of the registration whose session this is: an application may have several. */
  constructor(readonly lifecycle: SessionLifecycle) {}

  /** `request.session`. A request without a session gets a new, empty one, which is not stored until it is written to. */
  get session(): Session | undefined {
    if (this.disabled) return undefined;
    if (this.core === undefined) this.adopt(this.lifecycle.newCore());
    this.arm();
    return sessionOf(this.core!);
  }

  /** Puts a session on the request. */
  adopt(core: SessionCore): void {
    this.core = core;
    core.setReadOnly(this.readOnly);
    core.onReplaced = (next) => this.adopt(next);
  }

  /** From now on the answer waits until the session is stored. */
  arm(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.holdAnswer();
  }

  /** Whether the answer's status says that the server failed: the changes of the request are discarded then. */
  get failed(): boolean {
    return this.statusCode >= 500;
  }

  /** Whether nobody waits for the answer any more: it was sent, or the client has gone. */
  get closed(): boolean {
    return this.answer.closed || this.answer.destroyed;
  }

  onceClosed(listener: () => void): void {
    this.answer.once('close', listener);
  }

  /**
   * Forbids shared caches to keep the answer, unless the application said what they may: one that did would hand one
   * visitor's credential to the next.
   */
  keepFromSharedCaches(): void {
    if (!this.hasHeader('cache-control')) this.setHeader('cache-control', 'private');
  }

  /** A header of the request. */
  abstract requestHeader(name: string): string | undefined;
  /** Whether the request came over TLS, as the framework's trust-proxy setting has it; never a raw header. */
  abstract get secure(): boolean;
  abstract get statusCode(): number;
  abstract hasHeader(name: string): boolean;
  abstract setHeader(name: string, value: string): void;
  /** Adds a Set-Cookie header and keeps those that are there. */
  abstract addCookie(cookie: string): void;
  /** The answer as Node has it. */
  protected abstract get answer(): ServerResponse;
  protected abstract holdAnswer(): void;
}
