// What a server says while it starts, fails over or moves slots; the next attempt can meet another state.
const HEALING_REPLIES = /^(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN)\b/;

/**
 * Whether a failure can heal by itself: a connection, a time-out, or a server on its way to another state. An answer
 * of a healthy server (wrong password, wrong type, script error) stays what it is however often it is asked for.
 */
export function isHealing(error: unknown): boolean {
  const { name, message } = (error ?? {}) as { name?: unknown; message?: unknown };
  return name !== 'ReplyError' || HEALING_REPLIES.test(String(message));
}

/** Removes the command's arguments from a client's error: they hold keys and data. @returns the same error. */
export function withoutArguments(error: unknown): unknown {
  if (typeof error === 'object' && error !== null) {
    delete (error as { command?: unknown }).command;
    withoutArguments((error as { lastNodeError?: unknown }).lastNodeError);
  }
  return error;
}
