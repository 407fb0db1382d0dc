import { RedisStore } from 'connect-redis';
import express, { type Request } from 'express';
import session from 'express-session';
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createClient } from 'redis';
import { Browser } from '../support/http-browser.js';

export interface OldShopOptions {
  secret?: string | string[];
  name?: string;
  prefix?: string;
  cookie?: { maxAge?: number; path?: string };
}

/** The application before the migration: express-session, connect-redis and node-redis. */
export class OldShop {
  private constructor(
    private readonly server: Server,
    private readonly client: ReturnType<typeof createClient>,
    private readonly name: string,
  ) {}

  static async start(redisUrl: string, options: OldShopOptions): Promise<OldShop> {
    const { secret = 'keyboard cat', name = 'connect.sid', prefix = 'sess:', cookie } = options;
    const client = createClient({ url: redisUrl });
    await client.connect();
    const store = new RedisStore({ client, prefix });
    const app = express();
    app.use(
      session({ secret, name, store, cookie, resave: false, saveUninitialized: false }),
      express.json(),
    );
    app.post('/', (request, response) => {
      Object.assign((request as Request & { session: object }).session, request.body);
      response.end();
    });
    app.get(
      '/',
      (request, response) => void response.json((request as Request & { session: object }).session),
    );
    const server = app.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new OldShop(server, client, name);
  }

  /** Stores a session with these attributes. @returns the value of its cookie */
  async visit(attributes: object): Promise<string> {
    const { port } = this.server.address() as AddressInfo;
    const visitor = new Browser(`http://127.0.0.1:${port}`);
    await visitor.post('/', attributes);
    return visitor.cookie(this.name)!;
  }

  async close(): Promise<void> {
    await this.client.close();
    this.server.close();
    await once(this.server, 'close');
  }
}

/** The id in a cookie of express-session. */
export function idIn(cookie: string): string {
  return /^s:(.+)\./.exec(decodeURIComponent(cookie))![1]!;
}
