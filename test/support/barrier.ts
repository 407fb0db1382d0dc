export interface Deferred<T> {
  promise: Promise<T>;
  resolve: (value: T) => void;
  reject: (reason: unknown) => void;
}

/** A promise that the test settles. */
export function deferred<T = void>(): Deferred<T> {
  let resolve!: Deferred<T>['resolve'];
  let reject!: Deferred<T>['reject'];
  const promise = new Promise<T>((onResolve, onReject) => {
    resolve = onResolve;
    reject = onReject;
  });
  return { promise, resolve, reject };
}

/**
 * A point where `parties` callers meet: each waits until all have arrived, then all go on together. Usable again for the
 * next round.
 * @example const meet = barrier(2); await Promise.all([first(meet), second(meet)]);
 */
export function barrier(parties: number): () => Promise<void> {
  let arrived = 0;
  let gate = deferred();
  return () => {
    const { promise, resolve } = gate;
    arrived += 1;
    if (arrived === parties) {
      arrived = 0;
      gate = deferred();
      resolve();
    }
    return promise;
  };
}
