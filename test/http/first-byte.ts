import { connect } from 'node:net';
import type { Redis } from 'ioredis';
import type { HttpApp } from './http-app.js';

export interface FirstByte {
  /** The session in Redis when the first byte of the response arrived. */
  stored: Record<string, string>;
  /** The whole response as it was received. */
  answer: string;
}

/**
 * Sends one request without a cookie, and looks into Redis, past whatever delays the application's own connection, as
 * soon as a byte of the answer has arrived.
 */
export async function storedAtFirstByte(
  { url, applicationName }: HttpApp,
  redis: Redis,
  path: string,
  {
    method = 'GET',
    headers = {},
    until,
  }: { method?: string; headers?: Record<string, string>; until?: string } = {},
): Promise<FirstByte> {
  const { port, hostname } = new URL(url);
  const socket = connect(Number(port), hostname);
  const lines = Object.entries({ host: hostname, connection: 'close', ...headers });
  socket.write([`${method} ${path} HTTP/1.1`, ...lines.map((line) => line.join(': ')), '\r\n'].join('\r\n'));
  let answer = '';
  let looking: Promise<Record<string, string>> | undefined;
  for await (const chunk of socket) {
    answer += String(chunk);
    looking ??= sessionOf(redis, applicationName, answer);
    // An event stream keeps its connection open.
    if (until !== undefined && answer.includes(until)) break;
  }
  return { stored: (await looking) ?? {}, answer };
}

async function sessionOf(
  redis: Redis,
  applicationName: string,
  head: string,
): Promise<Record<string, string>> {
  const id = /^set-cookie: sid=([^.]{22})\./im.exec(head)?.[1];
  if (id === undefined) throw new Error(`No session cookie in this answer:\n${head}`);
  return redis.hgetall(`{${applicationName}_${id}}_Data`);
}
