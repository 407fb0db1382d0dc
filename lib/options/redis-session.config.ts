import { registerAs } from '@nestjs/config';
import { optionsFromEnv } from './options-from-env.js';

/**
 * The options from the environment (`REDIS_SESSION_…`), as a configuration of @nestjs/config. The module validates them
 * at start.
 * @example RedisSessionModule.forRootAsync(redisSessionConfig.asProvider())
 */
export const redisSessionConfig = registerAs('redisSession', () => optionsFromEnv());
