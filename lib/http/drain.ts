import type { EventEmitter } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

type Http2Sessions = Set<{ destroy(): void }>;

const draining = new WeakSet<object>();
let some = false;
const http2Sessions = new WeakMap<object, Http2Sessions>();

/** Notes the HTTP/2 connections of a server, which Node cannot close at once. Called before it listens. */
export function watchConnections(server: Server): void {
  if (http2Sessions.has(server)) return;
  const sessions: Http2Sessions = new Set();
  http2Sessions.set(server, sessions);
  server.on('session', (session: EventEmitter & { destroy(): void }) => {
    sessions.add(session);
    session.once('close', () => sessions.delete(session));
  });
}

/**
 * Lets a server that shuts down end its requests, and begin no further ones on open connections.
 * @param milliseconds after this time the connections are closed, whatever their requests do
 */
export function drainServer(server: Server, milliseconds: number): void {
  some = true;
  draining.add(server);
  // Node answers what still comes with `Connection: close`. Clients that keep connections alive would go on for ever.
  server.maxRequestsPerSocket = 1;
  const timer = setTimeout(() => closeConnections(server), milliseconds).unref();
  server.once('close', () => {
    clearTimeout(timer);
    // An application can listen again.
    draining.delete(server);
    server.maxRequestsPerSocket = 0;
  });
}

function closeConnections(server: Server): void {
  // A server of HTTP/2 has no such method.
  server.closeAllConnections?.();
  for (const session of http2Sessions.get(server) ?? []) session.destroy();
}

/** Ends the connection of an answer with the answer if its server shuts down. Does nothing after the head was written. */
export function closeIfDraining(response: ServerResponse): void {
  if (!some) return;
  const { server } = (response.req.socket ?? {}) as Socket & { server?: object };
  if (server !== undefined && draining.has(server)) response.shouldKeepAlive = false;
}
