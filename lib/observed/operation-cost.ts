/** What one operation has sent to Redis so far. */
export class OperationCost {
  commands = 0;
  roundTrips = 0;
  retries = 0;
  #outstanding = 0;

  /** Counts a command that was sent. */
  sent(reply: unknown): void {
    this.commands++;
    if (this.#outstanding++ === 0) this.roundTrips++;
    const answered = (): void => void this.#outstanding--;
    Promise.resolve(reply).then(answered, answered);
  }
}

/** Knows the operation for which commands are being sent. */
export interface RunningOperation {
  /** `undefined` outside of operations. */
  readonly cost: OperationCost | undefined;
}
