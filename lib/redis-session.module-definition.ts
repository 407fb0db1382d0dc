import { ConfigurableModuleBuilder } from '@nestjs/common';
import type { RedisSessionModuleOptions } from './options/redis-session-module-options.js';

/** What a registration says beside the options. */
export interface RedisSessionModuleExtras {
  /** Makes the module's exports available everywhere, without importing it again. @default true */
  isGlobal?: boolean;
}

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisSessionModuleOptions>({ moduleName: 'RedisSession' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createRedisSessionOptions')
    .setExtras<RedisSessionModuleExtras>({ isGlobal: true }, (definition, { isGlobal }) => ({
      ...definition,
      global: isGlobal ?? true,
    }))
    .build();
