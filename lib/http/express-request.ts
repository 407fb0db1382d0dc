import type { Session } from '../session/session.js';

declare global {
  // Express's types are extended through this namespace.
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      session: Session;
      /** The id of the session, as in express-session. `undefined` if the request has no session. */
      readonly sessionID: string | undefined;
    }
  }
}
