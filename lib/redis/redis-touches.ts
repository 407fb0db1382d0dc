import type { SessionTouch } from '../session/session-store.js';
import type { RedisCommands } from './redis-commands.js';
import { runScript, sessionScripts } from './session-scripts.js';

type Slide = readonly [key: string, touch: SessionTouch];

/**
 * Slides the expiry of sessions. Every request that reads one does, so those of one turn of the event loop are one
 * operation with one deadline.
 */
export class RedisTouches {
  #slides: Slide[] = [];
  #sent: Promise<readonly unknown[]> | undefined;

  constructor(private readonly commands: RedisCommands) {}

  /** @returns `false` if the session does not exist, `'conflict'` if its secret is not the expected one. */
  async touch(key: string, touch: SessionTouch): Promise<boolean | 'conflict'> {
    // Each node of a cluster fails on its own.
    if (this.commands.client.isCluster) return outcomeOf((await this.#send([[key, touch]]))[0]);
    const place = this.#slides.push([key, touch]) - 1;
    this.#sent ??= Promise.resolve().then(this.#sendAll);
    return outcomeOf((await this.#sent)[place]);
  }

  readonly #sendAll = (): Promise<readonly unknown[]> => {
    const slides = this.#slides;
    this.#slides = [];
    this.#sent = undefined;
    return this.#send(slides);
  };

  #send(slides: readonly Slide[]): Promise<readonly unknown[]> {
    return this.commands.send('touch', () => Promise.all(slides.map(this.#slide)));
  }

  // GT never shortens what another request set meanwhile. Whether it should be shorter only the script can tell.
  readonly #slide = ([key, touch]: Slide): Promise<unknown> => {
    if (!isPlain(touch)) return this.#slideExactly(key, touch);
    const idle = touch.idleTimeoutInMilliseconds ?? touch.defaultIdleTimeoutInMilliseconds;
    return this.commands.client
      .pexpire(key, idle, 'GT')
      .then((slid) => (slid === 1 ? slid : this.#slideExactly(key, touch)));
  };

  #slideExactly(key: string, touch: SessionTouch): Promise<unknown> {
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

// An absolute end must not be passed even for a moment: an idle timeout and its cap are one script.
function isPlain({ secretHash, expiresAt, absoluteTimeoutInMilliseconds }: SessionTouch): boolean {
  return secretHash === undefined && expiresAt === undefined && absoluteTimeoutInMilliseconds === undefined;
}

function outcomeOf(reply: unknown): boolean | 'conflict' {
  return reply === -1 ? 'conflict' : reply === 1;
}
