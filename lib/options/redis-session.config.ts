import { registerAs } from '@nestjs/config';
import { optionsFromEnv } from './options-from-env.js';

/**
 * The options that the environment sets (`REDIS_SESSION_…`), as a configuration of @nestjs/config. The module judges
 * them when it starts, together with all others.
 * @example RedisSessionModule.forRootAsync(redisSessionConfig.asProvider())
 */
export const redisSessionConfig = registerAs('redisSession', () => optionsFromEnv());
