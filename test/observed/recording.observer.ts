import type {
  ObservedOperation,
  ObservedResult,
  SessionObserver,
  SessionOperation,
} from 'nestjs-redis-session';

export type Observed = ObservedOperation & ObservedResult;

/** Keeps what it hears, in the order in which operations end. */
export class RecordingObserver implements SessionObserver {
  begun: ObservedOperation[] = [];
  ended: Observed[] = [];

  begin(operation: ObservedOperation): (result: ObservedResult) => void {
    this.begun.push(operation);
    return (result) => this.ended.push({ ...operation, ...result });
  }

  /** What has ended since the last time. Touches, which no request waits for, only if asked for. */
  take(touches = false): Observed[] {
    const taken = this.ended.filter(({ operation }) => touches || operation !== 'touch');
    this.begun = [];
    this.ended = [];
    return taken;
  }

  /** `load found`, `save saved`, … */
  heard(): string[] {
    return this.take().map(({ operation, outcome }) => `${operation} ${outcome}`);
  }

  of(operation: SessionOperation): Observed[] {
    return this.ended.filter((observed) => observed.operation === operation);
  }
}
