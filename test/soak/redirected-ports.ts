import { Socket } from 'node:net';

type Connect = (this: Socket, ...args: unknown[]) => Socket;

/** Connections of this process to one of these ports go to another: the line to each Redis can have faults then. */
export function redirectPorts(ports: Readonly<Record<number, number>>): void {
  const prototype = Socket.prototype as { connect: Connect };
  const { connect } = prototype;
  prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    // `net.connect()` hands its arguments on as one array.
    const list = (Array.isArray(args[0]) ? args[0] : args) as unknown[];
    const { port } = (list[0] ?? {}) as { port?: number };
    if (port !== undefined && port in ports) list[0] = { ...(list[0] as object), port: ports[port] };
    return connect.apply(this, args);
  };
}
