import type { Session } from '../session/session.js';

/** @ts-ignore Applications on Express do not install Fastify. */
declare module 'fastify' {
  interface FastifyRequest {
    session: Session;
    /** The id of the session, as in express-session. `undefined` if the request has no session. */
    readonly sessionID: string | undefined;
  }
}
