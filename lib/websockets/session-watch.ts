import type { SessionRegistration } from '../request/session-registration.js';
import { parseCredential } from '../session/session-credential.js';
import { closeEndedSocket } from './socket.js';
import type { SocketSession } from './socket-session.js';

const TICKS_PER_ROUND = 10;
const MOST_READS_AT_ONCE = 16;

/**
 * Closes sockets after their session has ended. While there are sockets, a timer reads each session once per round. The
 * reads are spread over the round, and do not pile up if the store is slow.
 */
export class SessionWatch {
  // By credential, or by the socket if its session is not known yet. The first entry is the next to be read.
  readonly #watched = new Map<string | SocketSession, Set<SocketSession>>();
  #everyInSeconds = Infinity;
  #timer: NodeJS.Timeout | undefined;
  #owed = 0;
  #looking = false;
  #stopped = false;

  constructor(private readonly registration: SessionRegistration) {}

  /** How many sessions are watched. */
  get size(): number {
    return this.#watched.size;
  }

  add(socket: SocketSession, everyInSeconds: number): void {
    // A socket that was opened without a session never gets one.
    if (this.#stopped || (socket.isKnown && socket.credential === undefined)) return;
    const key = socket.credential ?? socket;
    const sockets = this.#watched.get(key);
    if (sockets === undefined) this.#watched.set(key, new Set([socket]));
    else sockets.add(socket);
    if (everyInSeconds < this.#everyInSeconds) this.#start(everyInSeconds);
  }

  remove(socket: SocketSession): void {
    for (const key of [socket, socket.credential]) {
      if (key === undefined) continue;
      const sockets = this.#watched.get(key);
      if (sockets?.delete(socket) && sockets.size === 0) this.#watched.delete(key);
    }
    if (this.#watched.size === 0) this.#halt();
  }

  /** Stops for good, when the application shuts down. */
  stop(): void {
    this.#stopped = true;
    this.#watched.clear();
    this.#halt();
  }

  #start(everyInSeconds: number): void {
    clearInterval(this.#timer);
    this.#everyInSeconds = everyInSeconds;
    this.#timer = setInterval(() => this.#tick(), (everyInSeconds * 1000) / TICKS_PER_ROUND).unref();
  }

  #halt(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#everyInSeconds = Infinity;
    this.#owed = 0;
  }

  #tick(): void {
    if (this.#looking) return;
    this.#owed += this.#watched.size;
    const looks = Math.floor(this.#owed / TICKS_PER_ROUND);
    this.#owed -= looks * TICKS_PER_ROUND;
    if (looks === 0) return;
    this.#looking = true;
    void this.#lookAtFirst(looks).finally(() => (this.#looking = false));
  }

  async #lookAtFirst(count: number): Promise<void> {
    const keys = [...this.#watched.keys()].slice(0, count);
    for (let at = 0; at < keys.length; at += MOST_READS_AT_ONCE) {
      // oxlint-disable-next-line no-await-in-loop -- limits the reads in flight
      await Promise.all(keys.slice(at, at + MOST_READS_AT_ONCE).map((key) => this.#look(key)));
    }
  }

  async #look(key: string | SocketSession): Promise<void> {
    const sockets = this.#watched.get(key);
    if (sockets === undefined) return;
    this.#watched.delete(key);
    this.#watched.set(key, sockets);
    try {
      if (typeof key !== 'string') await this.#learn(key);
      else if (!(await this.registration.operations.isLive(parseCredential(key)!))) this.#close(key);
    } catch {
      // The store is unavailable: that does not end a session.
    }
  }

  async #learn(socket: SocketSession): Promise<void> {
    await socket.message();
    // Still unknown (an outage with `throwOnError: false`), or closed in the meantime.
    if (!socket.isKnown || !this.#watched.delete(socket)) return;
    this.add(socket, this.#everyInSeconds);
    if (this.#watched.size === 0) this.#halt();
  }

  #close(credential: string): void {
    for (const socket of this.#watched.get(credential) ?? []) {
      this.remove(socket);
      closeEndedSocket(socket.client);
    }
  }
}

const watches = new WeakMap<SessionRegistration, SessionWatch>();

/** Returns the watch that all sockets of a registration share. */
export function sessionWatchOf(registration: SessionRegistration): SessionWatch {
  const watch = watches.get(registration) ?? new SessionWatch(registration);
  watches.set(registration, watch);
  return watch;
}
