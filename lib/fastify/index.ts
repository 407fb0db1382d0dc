import type { Session } from '../session/session.js';

/**
 * Types `request.session` on Fastify; import it for that once. Apart from the main entry, since a declaration about
 * Fastify is an error in an application that does not have it.
 */
declare module 'fastify' {
  interface FastifyRequest {
    session: Session;
    /** The session's id, as express-session has it. `undefined` where there is no session. */
    readonly sessionID: string;
  }
}
