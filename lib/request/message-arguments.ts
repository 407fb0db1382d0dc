import { SessionRequest } from './session-request.js';

// The guards, interceptors and decorators of one message share nothing but its arguments.

/** Adds the session of a message to its arguments. */
export function addToArguments(args: unknown[], session: SessionRequest): void {
  // The last argument must stay last: `getPattern()` reads the name of the message from there.
  args.splice(-1, 0, session);
}

/** Returns the session of a message. @returns `undefined` if MessageSessionGuard has not added one */
export function sessionInArguments(args: readonly unknown[]): SessionRequest | undefined {
  return args.find((arg) => arg instanceof SessionRequest);
}
