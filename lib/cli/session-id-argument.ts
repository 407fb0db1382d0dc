import { isSessionId, parseCredential } from '../session/session-credential.js';
import { CommandFailure } from './command-failure.js';

/** Checks the id of a session. @throws CommandFailure that does not show what was given: it may be a credential */
export function sessionIdIn(given: string): string {
  if (isSessionId(given)) return given;
  throw new CommandFailure(
    parseCredential(given) === undefined
      ? 'That is not the id of a session: expected 22 letters, digits, "-" and "_", as `list` shows them.'
      : 'That is the credential of a session, which opens it. Give only its id, the 22 characters before the dot.',
  );
}
