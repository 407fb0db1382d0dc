import { optionsFromEnv } from './options-from-env.js';
import type { RedisSessionModuleOptions } from './redis-session-module-options.js';

/** What `registerAs` of @nestjs/config returns for the options of this module. */
export interface RedisSessionConfig {
  (): RedisSessionModuleOptions;
  /** The token of the options if `ConfigModule` loads them. */
  readonly KEY: string;
  /** @internal */
  readonly PARTIAL_CONFIGURATION_KEY: string;
  /** The argument of `RedisSessionModule.forRootAsync()`. */
  asProvider(): { useFactory: () => RedisSessionModuleOptions };
}

const NAMESPACE = 'redisSession';

/**
 * The options from the environment (`REDIS_SESSION_…`), as a configuration of @nestjs/config. The module validates them
 * at start. They are read after `ConfigModule.forRoot()` has read the `.env` file.
 * @example RedisSessionModule.forRootAsync(redisSessionConfig.asProvider())
 * @example ConfigModule.forRoot({ load: [redisSessionConfig] }) // config.get('redisSession.port')
 */
export const redisSessionConfig: RedisSessionConfig = Object.assign(() => optionsFromEnv(), {
  // As registerAs() does. Its package need not be installed.
  KEY: `CONFIGURATION(${NAMESPACE})`,
  PARTIAL_CONFIGURATION_KEY: NAMESPACE,
  asProvider: () => ({ useFactory: () => optionsFromEnv() }),
});
