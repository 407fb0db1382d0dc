import type { Provider } from '@nestjs/common';
import type { Server } from 'node:http';
import { RedisSessionModule, type RedisSessionModuleOptions } from 'nestjs-redis-session';
import { useAdapter, VisitorController, type Library } from '../integrations/chat-app.js';
import { ChatClient } from '../integrations/chat-client.js';
import { startNest, type NestApp, type Platform } from '../integrations/nest-app.js';
import type { Browser } from '../support/http-browser.js';
import { uniqueName } from '../support/unique-name.js';

export interface ChatSetup {
  readonly library: Library;
  readonly platform: Platform;
  /** The gateway and its providers. */
  readonly providers: Provider[];
  readonly options: RedisSessionModuleOptions;
}

/** A chat with sessions in Redis, with logins by HTTP and messages over sockets. */
export class Chat {
  readonly #sockets: ChatClient[] = [];
  #closing: Promise<void> | undefined;

  private constructor(
    private readonly library: Library,
    private readonly nest: NestApp,
  ) {}

  static async start({ library, platform, providers, options }: ChatSetup): Promise<Chat> {
    const imports = [RedisSessionModule.forRoot({ applicationName: uniqueName('chat'), ...options })];
    const metadata = { imports, controllers: [VisitorController], providers };
    return new Chat(library, await startNest(platform, metadata, (app) => useAdapter(app, library)));
  }

  get url(): string {
    return this.nest.url;
  }

  get host(): string {
    return new URL(this.url).host;
  }

  /** A visitor who has logged in. */
  async visitor(): Promise<Browser> {
    const visitor = this.nest.browser();
    await visitor.post('/login');
    return visitor;
  }

  /** A socket that a browser or a program opens with this cookie `sid`. */
  async connect(cookie?: string, headers?: Record<string, string>): Promise<ChatClient> {
    const socket = await ChatClient.open(this.library, this.url, cookie, headers);
    this.#sockets.push(socket);
    return socket;
  }

  /** The number of connections of the server, HTTP or upgraded. */
  openSockets(): Promise<number> {
    const server = this.nest.app.getHttpServer() as Server;
    return new Promise((resolve, reject) =>
      server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
    );
  }

  /** A provider of the application. */
  get<T>(token: abstract new (...args: never[]) => T): T {
    return this.nest.app.get<T>(token, { strict: false });
  }

  async close(): Promise<void> {
    this.#sockets.splice(0).forEach((socket) => socket.close());
    this.#closing ??= this.nest.close();
    await this.#closing;
  }
}
