import { connect } from 'node:net';

const DEADLINE_MILLISECONDS = 10_000;

export interface RawAnswer {
  /** `undefined` where there was no answer, or none that HTTP knows. */
  readonly status: number | undefined;
  readonly text: string;
  /** Neither an answer nor an end within the deadline. */
  readonly hung: boolean;
}

/** Sends these bytes (as latin1) over a connection of their own, and reads until that ends. Always resolves. */
export function rawRequest(port: number, bytes: string): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    const end = (hung: boolean) => (): void => {
      clearTimeout(deadline);
      socket.destroy();
      const status = /^HTTP\/1\.1 (\d{3})/.exec(text)?.[1];
      resolve({ status: status === undefined ? undefined : Number(status), text, hung });
    };
    const deadline = setTimeout(end(true), DEADLINE_MILLISECONDS);
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => (text += String(chunk)));
    socket.on('error', () => undefined).on('close', end(false));
    socket.write(bytes, 'latin1');
  });
}

/** A request as bytes. What stands in it is not judged. */
export function requestBytes(method: string, target: string, headers: readonly string[], body = ''): string {
  const length = body === '' ? [] : ['content-type: application/json', `content-length: ${body.length}`];
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: 127.0.0.1',
    'connection: close',
    ...headers,
    ...length,
  ];
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
