import type { Session } from '../session/session.js';

declare global {
  // Express's own types leave this door open for `request.…`.
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      session: Session;
      /** The session's id, as express-session has it. `undefined` if the request has no session. */
      readonly sessionID: string | undefined;
    }
  }
}
