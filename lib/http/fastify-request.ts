import type { Session } from '../session/session.js';

/** @ts-ignore An application on Express has no Fastify: there is nothing to add to then. */
declare module 'fastify' {
  interface FastifyRequest {
    session: Session;
    /** The session's id, as express-session has it. `undefined` if the request has no session. */
    readonly sessionID: string | undefined;
  }
}
