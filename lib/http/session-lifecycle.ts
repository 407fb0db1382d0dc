import type { OldCredential } from '../session/session-migration.js';
import type { SessionState } from '../session/session-state.js';
import type { SessionCore } from '../session/session-core.js';
import type { SessionCredential } from '../session/session-credential.js';
import { formatCredential, parseCredential } from '../session/session-credential.js';
import {
  SessionGoneError,
  SessionLockLostError,
  SessionLockTimeoutError,
} from '../session/session.errors.js';
import type { SessionOperations } from '../session/session-operations.js';
import type { OldCookie } from './old-cookie.js';
import type { SessionExchange } from './session-exchange.js';
import type { SessionIdResolver } from './session-id-resolver.js';

/**
 * What happens to the session of one request: loaded at its begin, stored and sent before the first byte of its answer.
 * `begin` and `commit` may be called as often as is convenient. Both return `undefined` where there is nothing to wait
 * for: most requests of an application need no session, and pay nothing for one.
 */
export class SessionLifecycle {
  constructor(
    private readonly operations: SessionOperations,
    private readonly resolver: SessionIdResolver,
    private readonly defaultState: SessionState,
    private readonly oldCookie?: OldCookie,
  ) {}

  /** Where the credential is carried, in words. */
  get carrier(): string {
    return this.resolver.carrier;
  }

  /** The state of a new session. */
  newCore(): SessionCore {
    return this.operations.core();
  }

  /** Whether a credential still opens a session. Does not slide its idle timeout. */
  isLive(credential: string): Promise<boolean> {
    return this.operations.isLive(parseCredential(credential)!);
  }

  /** Loads the session that the request presents a credential for. */
  begin(exchange: SessionExchange): Promise<void> | undefined {
    if (exchange.begun !== undefined) return exchange.begun === true ? undefined : exchange.begun;
    exchange.begun = true;
    const credentials = this.resolver.resolve(exchange);
    const old = this.oldCookie?.resolve(exchange);
    if (credentials.length === 0 && old === undefined) return undefined;
    exchange.begun = this.#load(exchange, credentials, old);
    return exchange.begun;
  }

  /** Applies the state that a route asks for, after `begin`. */
  async enter(exchange: SessionExchange, state: SessionState = this.defaultState): Promise<void> {
    exchange.disabled = state === 'disabled';
    if (exchange.disabled) return;
    await this.begin(exchange);
    exchange.readOnly = state === 'read-only';
    exchange.core?.setReadOnly(exchange.readOnly);
    if (state === 'exclusive') await (exchange.locking ??= this.#lock(exchange));
  }

  /** Stores what the request changed, and gives the client its credential where that is new or ended. Once. */
  commit(exchange: SessionExchange): Promise<void> | undefined {
    const { core } = exchange;
    if (core === undefined || core.status === 'detached' || exchange.committed) return undefined;
    if (core.underWay !== undefined) return core.underWay.then(() => this.commit(exchange));
    exchange.committed = true;
    const storing = exchange.locked ? this.#storeAndUnlock(exchange, core) : this.#store(exchange, core);
    if (storing !== undefined) {
      return storing.then(
        () => this.#answer(exchange, core),
        (error: unknown) => this.#fail(exchange, core, error),
      );
    }
    this.#answer(exchange, core);
    return undefined;
  }

  // After `begin`, which has checked the secret: an id is no secret, and must not be enough to stand in somebody's line.
  async #lock(exchange: SessionExchange): Promise<void> {
    const { core } = exchange;
    if (core?.status !== 'stored') return;
    const { operations } = this;
    try {
      await operations.lock(core);
    } catch (error) {
      if (error instanceof SessionLockTimeoutError) {
        exchange.setHeader('retry-after', String(error.retryAfterInSeconds));
      }
      throw error;
    }
    exchange.locked = core;
    exchange.arm();
    // The client has gone, or the handler never answered. What it writes from now on is refused.
    exchange.onceClosed(() => {
      if (!exchange.committed) void operations.unlock(core);
    });
    if (!exchange.closed && !exchange.committed) return;
    await operations.unlock(core);
    throw new SessionLockLostError(core.id);
  }

  async #load(
    exchange: SessionExchange,
    credentials: SessionCredential[],
    old: OldCredential | undefined,
  ): Promise<void> {
    try {
      for (const credential of credentials) {
        const core = await this.operations.open(credential);
        if (core === undefined) continue;
        exchange.presented = formatCredential(credential.id, credential.secret);
        exchange.adopt(core);
        break;
      }
      if (old !== undefined && exchange.core === undefined) await this.oldCookie!.migrate(exchange, old);
    } catch (error) {
      exchange.adopt(this.operations.detached(error));
    }
    exchange.begun = true;
    if (this.resolver.resends) exchange.arm();
  }

  async #storeAndUnlock(exchange: SessionExchange, core: SessionCore): Promise<void> {
    try {
      await this.#store(exchange, core);
    } finally {
      // A save has released it already; where nothing was saved, the answer does not wait for this.
      void this.operations.unlock(exchange.locked!);
    }
  }

  #store(exchange: SessionExchange, core: SessionCore): Promise<void> | undefined {
    const { operations } = this;
    if (core.status === 'ended') return undefined;
    // The verb itself failed, and nobody may have looked: a logout is worth another try before the answer says so.
    if (core.destroyRequested) return operations.destroy(core);
    if (exchange.failed) return undefined;
    try {
      return operations.saveChanges(core)?.catch(ignoreGone);
    } catch (error) {
      // A value that cannot be stored.
      return Promise.reject(error);
    }
  }

  // What `session.save()` stored before is there all the same, and the client's old credential may be useless by now.
  #fail(exchange: SessionExchange, core: SessionCore, error: unknown): never {
    if (core.status === 'stored' && core.newCredential !== undefined) {
      this.resolver.send(exchange, core.newCredential, core.idleTimeoutInSeconds);
    }
    throw error;
  }

  #answer(exchange: SessionExchange, core: SessionCore): void {
    if (exchange.migrated) exchange.addCookie(this.oldCookie!.removal);
    // An empty session in the place of the one that was presented, after a logout that regenerates, ends it as well.
    if (core.destroyRequested || core.status === 'new') {
      if (exchange.presented !== undefined) this.resolver.expire(exchange);
      return;
    }
    if (core.status !== 'stored') return;
    const credential =
      core.newCredential ?? (this.resolver.resends || exchange.migrated ? exchange.presented : undefined);
    if (credential !== undefined) this.resolver.send(exchange, credential, core.idleTimeoutInSeconds);
  }
}

// A logout came first, and logout wins: the changes are dropped, and the answer goes out. No removal cookie: the client
// may have been given another session by now (a login regenerates), and the removal would take that one from it.
function ignoreGone(error: unknown): void {
  if (!(error instanceof SessionGoneError)) throw error;
}
