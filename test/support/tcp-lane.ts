import type { Socket } from 'node:net';

export type Direction = 'toServer' | 'toClient';

/** The conditions of all connections of a proxy. */
export interface Conditions {
  frozen: Record<Direction, boolean>;
  delay: Record<Direction, number>;
  bytesPerSecond: Record<Direction, number>;
  /** Bytes of replies that are still delivered before a connection is cut. */
  cutAfter?: number;
}

/** The end of a connection is delivered after its bytes, as in a real network. */
type Item = Buffer | 'end' | 'close';

/** One direction of one connection, which always keeps the order of its bytes. */
export class TcpLane {
  #queue: { item: Item; due: number }[] = [];
  #timer?: NodeJS.Timeout;
  /** Drops all further bytes of the connection, because TCP streams have no gaps. */
  swallowing = false;

  constructor(
    readonly direction: Direction,
    private readonly to: Socket,
    private readonly conditions: Conditions,
    private readonly events: { delivered: (bytes: number) => void; cut: () => void },
  ) {}

  /** Called with the first chunk after `hold()`. */
  #onHeld: (() => void) | undefined;

  /** Chunks that are held or delayed. */
  get waiting(): number {
    return this.#queue.length;
  }

  push(item: Item): void {
    if (this.swallowing) return;
    this.#queue.push({ item, due: performance.now() + this.conditions.delay[this.direction] });
    this.#onHeld?.();
    this.pump();
  }

  /** Holds what comes from now on, until `release()`. */
  hold(onHeld: () => void): void {
    this.#onHeld = onHeld;
  }

  release(): void {
    this.#onHeld = undefined;
    this.pump();
  }

  /** Sends what can be sent now. Called again when the conditions change. */
  pump(): void {
    clearTimeout(this.#timer);
    if (this.swallowing || this.conditions.frozen[this.direction] || this.#onHeld || this.to.destroyed)
      return;
    const next = this.#queue[0];
    if (!next) return;
    const wait = next.due - performance.now();
    if (wait > 0) {
      this.#timer = setTimeout(() => this.pump(), wait);
      return;
    }
    const pause = this.#deliver(this.#queue.shift()!.item);
    if (pause > 0) this.#timer = setTimeout(() => this.pump(), pause);
    else this.pump();
  }

  stop(): void {
    this.swallowing = true;
    this.#queue = [];
    clearTimeout(this.#timer);
  }

  /** Returns how long the chunk occupies the connection, in milliseconds. */
  #deliver(item: Item): number {
    if (item === 'end') this.to.end();
    else if (item === 'close') this.to.destroy();
    else return this.#send(this.#atMostOneTick(item));
    return 0;
  }

  #send(bytes: Buffer): number {
    const { cutAfter, bytesPerSecond } = this.conditions;
    if (this.direction === 'toClient' && cutAfter !== undefined && bytes.length >= cutAfter) {
      this.conditions.cutAfter = undefined;
      this.#write(bytes.subarray(0, cutAfter));
      this.events.cut();
      return 0;
    }
    if (this.direction === 'toClient' && cutAfter !== undefined)
      this.conditions.cutAfter = cutAfter - bytes.length;
    this.#write(bytes);
    return (bytes.length / bytesPerSecond[this.direction]) * 1000;
  }

  #write(bytes: Buffer): void {
    this.to.write(bytes);
    this.events.delivered(bytes.length);
  }

  // With low bandwidth a chunk is sent in pieces of a fiftieth of a second.
  #atMostOneTick(bytes: Buffer): Buffer {
    const size = Math.max(Math.floor(this.conditions.bytesPerSecond[this.direction] / 50), 1);
    if (bytes.length <= size) return bytes;
    this.#queue.unshift({ item: bytes.subarray(size), due: 0 });
    return bytes.subarray(0, size);
  }
}
