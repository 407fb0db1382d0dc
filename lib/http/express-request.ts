import type { Session } from '../session/session.js';

declare global {
  // Express's own types leave this door open for `request.…`.
  // oxlint-disable-next-line typescript/no-namespace
  namespace Express {
    interface Request {
      session: Session;
    }
  }
}
