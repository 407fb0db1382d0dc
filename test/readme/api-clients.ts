import { RedisSessionModule } from 'nestjs-redis-session';

export const forApiClients = () => RedisSessionModule.forRoot({ header: { name: 'authorization' } });
