const listeners = new Set<() => void>();
let ahead = 0;

/** The time by which sessions end, in milliseconds since the epoch: that of the process, unless a test has moved it. */
export function now(): number {
  return Date.now() + ahead;
}

/** Sets how far the clock is ahead of that of the process, in milliseconds. For tests. */
export function setClockAhead(milliseconds: number): void {
  ahead = milliseconds;
  for (const listener of listeners) listener();
}

/** How far the clock is ahead of that of the process, in milliseconds. */
export function clockAhead(): number {
  return ahead;
}

/** Calls back each time a test moves the clock. @returns a function that ends this */
export function onClockMoved(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
