import { RedisServer } from '../support/redis-server.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { type HttpApp, type HttpAppSetup, type Platform, startApp } from './http-app.js';

export interface ProxiedApp {
  readonly app: HttpApp;
  readonly proxy: TcpProxy;
  readonly server: RedisServer;
  readonly stop: () => Promise<void>;
}

/** An application that reaches its own Redis through a proxy. */
export async function startProxiedApp(platform: Platform, setup: HttpAppSetup): Promise<ProxiedApp> {
  const server = await RedisServer.start();
  const proxy = await TcpProxy.start(server.port);
  const options = { store: 'redis' as const, port: proxy.port, ...setup.options };
  const app = await startApp(platform, { ...setup, options });
  return {
    app,
    proxy,
    server,
    stop: async () => {
      await app.close();
      await proxy.stop();
      await server.stop();
    },
  };
}
