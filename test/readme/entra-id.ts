import { DefaultAzureCredential } from '@azure/identity';
import { RedisSessionModule } from 'nestjs-redis-session';

const identity = new DefaultAzureCredential();

export const withEntraId = () =>
  RedisSessionModule.forRoot({
    host: 'shop.westeurope.redis.azure.net',
    port: 10_000,
    ssl: true,
    credentials: async () => {
      const { token, expiresOnTimestamp } = await identity.getToken('https://redis.azure.com/.default');
      // The user is the object id of the identity.
      return {
        username: process.env['REDIS_OBJECT_ID'],
        password: token,
        expiresAt: expiresOnTimestamp,
      };
    },
  });
