// Replies of a server that is starting, failing over, moving slots or overloaded. A retry can succeed.
const TEMPORARY_REPLIES =
  /^(LOADING|READONLY|CLUSTERDOWN|TRYAGAIN|MASTERDOWN|NOREPLICAS|ERR max number of clients)\b/;

/** Whether an error is an error reply of Redis. */
export function isReply(error: unknown): error is { message: string } {
  return (error as { name?: unknown } | null | undefined)?.name === 'ReplyError';
}

// The error of ioredis for a command that it did not send.
const UNSENT = /enableOfflineQueue options is false/;

/** Whether Redis may have run a command that failed like this: it was sent, and no reply refused it. */
export function isOutcomeUnknown(error: unknown): boolean {
  return !isReply(error) && !UNSENT.test(String((error as { message?: unknown } | null)?.message));
}

/**
 * Whether a retry can succeed: after a lost connection, a timeout or a temporary state of the server. An error reply of a
 * healthy server (wrong password, wrong type, script error) is permanent.
 */
export function isRetryable(error: unknown): boolean {
  // In a cluster, only the node's error has the reason.
  const { lastNodeError = error } = (error ?? {}) as { lastNodeError?: unknown };
  return !isReply(lastNodeError) || TEMPORARY_REPLIES.test(lastNodeError.message);
}

/**
 * Removes the arguments of the command from a client's error and its message: they are keys, data and passwords.
 * @returns the same error
 */
export function withoutArguments(error: unknown): unknown {
  if (typeof error !== 'object' || error === null) return error;
  const failure = error as Failure;
  const { message = '', stack = '' } = failure;
  const harmless = withoutQuotes(message, argumentsOf(failure.command));
  if (harmless !== message) {
    failure.message = harmless;
    // The stack contains the message.
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

// Redis: "ERR unknown command 'EVALSHA', with args beginning with: …". The client quotes unexpected replies.
const QUOTES_ALL = /(with args beginning with|Last (?:reply|error)): .*/s;
// Proxies and other servers quote keys in their own messages.
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
