import { RedisSessionModule } from 'nestjs-redis-session';

export const asNistAsks = () => RedisSessionModule.forRoot({ timeouts: 'nist-aal2' });
