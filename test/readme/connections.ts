import { readFileSync } from 'node:fs';
import { RedisSessionModule } from 'nestjs-redis-session';

export const connections = {
  url: () =>
    RedisSessionModule.forRoot({
      connectionString: 'rediss://shop:p%40ssword@redis.example.com:6380/0',
    }),

  azure: () =>
    RedisSessionModule.forRoot({
      connectionString: 'shop.westeurope.redis.azure.net:10000,password=…,ssl=True,abortConnect=False',
    }),

  tls: (path: string) =>
    RedisSessionModule.forRoot({
      host: 'redis.internal',
      port: 6379,
      tls: { ca: readFileSync(path) },
    }),

  acl: () =>
    RedisSessionModule.forRoot({
      host: 'redis.internal',
      username: 'shop',
      accessKey: process.env['REDIS_PASSWORD'],
    }),

  sentinel: () =>
    RedisSessionModule.forRoot({
      sentinel: { name: 'mymaster', sentinels: [{ host: 'sentinel-1' }, { host: 'sentinel-2' }] },
      accessKey: process.env['REDIS_PASSWORD'],
    }),

  cluster: () =>
    RedisSessionModule.forRoot({
      cluster: { nodes: [{ host: 'redis-1' }, { host: 'redis-2' }] },
    }),
};
