import type { ServerResponse } from 'node:http';
import { Logger } from '@nestjs/common';
import type { Commits, SessionAnswer } from '../request/session-answer.js';
import { isClosed } from './response-stream.js';
import { gateResponse } from './gate-response.js';
import { addOwnHeader } from './held-answer.js';
import type { GateKeeper } from './response-gate.js';

const logger = new Logger('RedisSessionModule');

/** The answer of an HTTP request. */
export abstract class HttpAnswer implements SessionAnswer, GateKeeper {
  #session: Commits | undefined;

  constructor(protected readonly response: ServerResponse) {}

  abstract get secure(): boolean;

  get closed(): boolean {
    return isClosed(this.response);
  }

  get headersSent(): boolean {
    return this.response.headersSent;
  }

  header(name: string): string | undefined {
    return this.response.getHeader(name)?.toString();
  }

  hasHeader(name: string): boolean {
    return this.response.hasHeader(name);
  }

  setHeader(name: string, value: string): void {
    addOwnHeader(this.response, 'setHeader', name, value);
  }

  addCookie(cookie: string): void {
    addOwnHeader(this.response, 'appendHeader', 'set-cookie', cookie);
  }

  hold(session: Commits): void {
    this.#session = session;
    gateResponse(this.response, this);
  }

  onceClosed(listener: () => void): void {
    this.response.once('close', listener);
  }

  commit(): Promise<void> | undefined {
    return this.#session!.commit(this.response.statusCode >= 500);
  }

  abstract fail(error: unknown): void;

  cut(error: unknown): void {
    logger.error(`${this.#route} could not store its session after the first byte.`, error);
  }

  warn(message: string): void {
    logger.warn(`${this.#route}: ${message}`);
  }

  /** The pattern of the route; a path may hold what must not be logged. */
  protected abstract get pattern(): string | undefined;

  get #route(): string {
    return `${this.response.req.method} ${this.pattern ?? '(no route)'}`;
  }
}
