import type { FastifyRequest } from 'fastify';
import 'nestjs-redis-session/fastify';

export function idOf(request: FastifyRequest): string {
  const id: string = request.session.id;
  // @ts-expect-error: read-only
  request.session.id = '';
  return id + request.sessionID;
}
