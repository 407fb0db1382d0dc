// Compiled by consumer.spec.ts, as an application of somebody else's on Fastify.
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Session } from 'nestjs-redis-session';

declare module 'nestjs-redis-session' {
  interface SessionData {
    cart: string[];
  }
}

export function handle(request: FastifyRequest, reply: FastifyReply): string[] | undefined {
  const session: Session = request.session;
  const sessionID: string | undefined = request.sessionID;
  // @ts-expect-error: not an attribute
  void request.session.kart;
  // @ts-expect-error: read-only
  request.sessionID = '';
  const body: { item: string } = (request as FastifyRequest<{ Body: { item: string } }>).body;
  void [session, sessionID, body.item, reply];
  return request.session.cart;
}
