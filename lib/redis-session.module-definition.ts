import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import { SessionHttp } from './http/session-http.js';
import { SessionInterceptor } from './context/session.interceptor.js';
import type { SessionRoute } from './http/route-filter.js';
import type { RedisSessionModuleOptions } from './options/redis-session-module-options.js';
import { RedisSessionOptions } from './options/redis-session.options.js';
import { SessionRegistration } from './request/session-registration.js';
import { sessionToken } from './session-tokens.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionStore } from './session/session-store.js';

/** The settings of a registration that are not options. */
export interface RedisSessionModuleExtras {
  /** Makes the module's exports available everywhere, without importing it again. @default true */
  isGlobal?: boolean;
  /**
   * The name of this registration, if the application has several. Each has its own sessions, cookie, routes and tokens
   * (`getSessionRepositoryToken(name)`). The name is also the default of `applicationName`.
   * @default none
   * @example RedisSessionModule.forRoot({ name: 'admin', forRoutes: ['admin'], cookie: { name: 'admin' } })
   */
  name?: string;
  /**
   * The routes that get sessions, in the form of NestJS middleware: a path with everything below it, or
   * `{ path, method }`. Write the path that clients send, with the global prefix. `[]` means none.
   *
   * Both the path of a request and the pattern of its matched route must be in the list. If they belong to different
   * registrations, the request has no session.
   * @default all
   * @example ['admin', { path: 'login', method: RequestMethod.POST }]
   */
  forRoutes?: readonly SessionRoute[];
  /**
   * Routes without a session: a single path, or `{ path, method }`. Wildcards work as in `health/{*path}`.
   * @default none
   */
  exclude?: readonly SessionRoute[];
}

/** Token of the settings of a registration. */
export const REGISTRATION_EXTRAS = Symbol('nestjs-redis-session registration');

// Nest needs every key, to separate the extras from the options.
const defaults: RedisSessionModuleExtras = {
  isGlobal: true,
  name: undefined,
  forRoutes: undefined,
  exclude: undefined,
};

export const { ConfigurableModuleClass, MODULE_OPTIONS_TOKEN, OPTIONS_TYPE, ASYNC_OPTIONS_TYPE } =
  new ConfigurableModuleBuilder<RedisSessionModuleOptions>({ moduleName: 'RedisSession' })
    .setClassMethodName('forRoot')
    .setFactoryMethodName('createRedisSessionOptions')
    .setExtras<RedisSessionModuleExtras>(defaults, register)
    .build();

function register(definition: DynamicModule, extras: RedisSessionModuleExtras): DynamicModule {
  const { name, isGlobal } = extras;
  const own = [RedisSessionOptions, SessionStore, SessionRepository, SessionRegistration];
  // The module itself injects the classes; only its exports use the tokens of the name.
  const named = own.map((provider) => ({ provide: sessionToken(provider, name), useExisting: provider }));
  return {
    ...definition,
    global: isGlobal ?? true,
    providers: [
      ...(definition.providers ?? []),
      { provide: REGISTRATION_EXTRAS, useValue: extras },
      ...(name === undefined ? [] : named),
    ],
    // The interceptor of any registration serves the routes of all.
    exports: [...named.map(({ provide }) => provide), SessionInterceptor, SessionHttp],
  };
}
