/**
 * Gives an operation no longer than this. The client's own time-outs cannot be relied on: a client that is handed in
 * has options of its own, and a cluster of which every node is down does not honour `commandTimeout`.
 */
export function withDeadline<T>(operation: Promise<T>, milliseconds: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no answer within ${milliseconds} ms`)), milliseconds);
    operation.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        // Handed on as it came: errors of clients are not always instances of this realm's Error.
        // oxlint-disable-next-line prefer-promise-reject-errors
        reject(error);
      },
    );
  });
}
