// What a server says while it starts, fails over, moves slots or is crowded; the next attempt can meet another state.
const HEALING_REPLIES =
  /^(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|NOREPLICAS|ERR max number of clients)\b/;

/** Whether it is an answer of a server, and not the lack of one. */
export function isReply(error: unknown): error is { message: string } {
  return (error as { name?: unknown } | null | undefined)?.name === 'ReplyError';
}

// What ioredis says of a command that it has not sent.
const UNSENT = /enableOfflineQueue options is false/;

/** Whether a command with this failure may have been carried out: it was sent, and no answer says that it was refused. */
export function isOutcomeUnknown(error: unknown): boolean {
  return !isReply(error) && !UNSENT.test(String((error as { message?: unknown } | null)?.message));
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

/**
 * Removes the command's arguments from a client's error and from what it says: they are keys, data and passwords.
 * @returns the same error.
 */
export function withoutArguments(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const failure = error as Failure;
  const { message = '', stack = '' } = failure;
  const harmless = withoutQuotes(message, argumentsOf(failure.command));
  if (harmless !== message) {
    failure.message = harmless;
    // It begins with the message.
    failure.stack = stack.replace(message, () => harmless);
  }
  delete failure.command;
  withoutArguments(failure.lastNodeError);
  withoutArguments(failure.cause);
  return error;
}

interface Failure {
  message?: string;
  stack?: string;
  command?: { readonly args?: readonly unknown[] };
  lastNodeError?: unknown;
  cause?: unknown;
}

// "ERR unknown command 'EVALSHA', with args beginning with: …" of Redis, and a reply that the client did not expect.
const QUOTES_ALL = /(with args beginning with|Last (?:reply|error)): .*/s;
// Proxies and other servers quote a key in messages of their own.
const QUOTED = /(['"`])(.+?)\1/gs;

function withoutQuotes(message: string, args: readonly string[]): string {
  return message
    .replace(QUOTES_ALL, '$1: …')
    .replace(QUOTED, (quoted, _mark, text: string) =>
      args.some((arg) => arg.startsWith(text) || text.startsWith(arg)) ? '…' : quoted,
    );
}

function argumentsOf(command: Failure['command']): string[] {
  return (command?.args ?? []).flat().map(String).filter(Boolean);
}
