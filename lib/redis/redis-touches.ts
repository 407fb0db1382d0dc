import type { SessionTouch } from '../session/session-store.js';
import type { RedisCommands } from './redis-commands.js';
import { runScript, sessionScripts } from './session-scripts.js';

type PendingTouch = readonly [key: string, touch: SessionTouch];

/**
 * Touches sessions. Every request that reads a session touches it, so the touches of one event-loop turn are one operation
 * with one deadline.
 */
export class RedisTouches {
  #pending: PendingTouch[] = [];
  #sent: Promise<readonly unknown[]> | undefined;

  constructor(private readonly commands: RedisCommands) {}

  /** @returns `false` if the session does not exist, `'conflict'` if its secret is not the expected one */
  async touch(key: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    // Not batched in a cluster, where the failure of one node must not fail the others' touches.
    if (this.commands.client.isCluster) return outcomeOf((await this.#send([[key, touch]]))[0]);
    const place = this.#pending.push([key, touch]) - 1;
    this.#sent ??= Promise.resolve().then(this.#sendAll);
    return outcomeOf((await this.#sent)[place]);
  }

  readonly #sendAll = (): Promise<readonly unknown[]> => {
    const pending = this.#pending;
    this.#pending = [];
    this.#sent = undefined;
    return this.#send(pending);
  };

  #send(touches: readonly PendingTouch[]): Promise<readonly unknown[]> {
    return this.commands.send('touch', () => Promise.all(touches.map(this.#touchOne)));
  }

  // GT never shortens the TTL that another request has set. Only the script can tell whether it must be shorter.
  readonly #touchOne = ([key, touch]: PendingTouch): Promise<unknown> => {
    if (!isPlain(touch)) return this.#runScript(key, touch);
    const idle = touch.idleTimeoutInMilliseconds ?? touch.defaultIdleTimeoutInMilliseconds;
    return this.commands.client
      .pexpire(key, idle, 'GT')
      .then((touched) => (touched === 1 ? touched : this.#runScript(key, touch)));
  };

  #runScript(key: string, touch: SessionTouch): Promise<unknown> {
    return runScript(
      this.commands.client,
      sessionScripts.touch,
      [key],
      [
        touch.defaultIdleTimeoutInMilliseconds,
        touch.absoluteTimeoutInMilliseconds ?? '',
        touch.secretHash ?? '',
      ],
    );
  }
}

// With an absolute timeout the script sets the TTL, so that it never exceeds the session's end, even for a moment.
function isPlain({ secretHash, expiresAt, absoluteTimeoutInMilliseconds }: SessionTouch): boolean {
  return secretHash === undefined && expiresAt === undefined && absoluteTimeoutInMilliseconds === undefined;
}

function outcomeOf(reply: unknown): boolean | 'conflict' {
  return reply === -1 ? 'conflict' : reply === 1;
}
