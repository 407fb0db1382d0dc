// What a server says while it starts, fails over, moves slots or is crowded; the next attempt can meet another state.
const HEALING_REPLIES =
  /^(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|NOREPLICAS|ERR max number of clients)\b/;

/** Whether it is an answer of a server, and not the lack of one. */
export function isReply(error: unknown): error is { message: string } {
  return (error as { name?: unknown } | null | undefined)?.name === 'ReplyError';
}

/**
 * Whether a failure can heal by itself: a connection, a time-out, or a server on its way to another state. An answer
 * of a healthy server (wrong password, wrong type, script error) stays what it is however often it is asked for.
 */
export function isHealing(error: unknown): boolean {
  // Of a cluster it is the node that knows the reason.
  const { lastNodeError = error } = (error ?? {}) as { lastNodeError?: unknown };
  return !isReply(lastNodeError) || HEALING_REPLIES.test(lastNodeError.message);
}

/** Removes the command's arguments from a client's error: they hold keys and data. @returns the same error. */
export function withoutArguments(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) {
    delete (error as { command?: unknown }).command;
    withoutArguments((error as { lastNodeError?: unknown }).lastNodeError);
  }
  return error;
}
