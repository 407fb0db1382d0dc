import { ConfigurableModuleBuilder, type DynamicModule } from '@nestjs/common';
import { SessionHttp } from './http/session-http.js';
import { SessionInterceptor } from './http/session.interceptor.js';
import type { SessionRoute } from './http/session-routes.js';
import type { RedisSessionModuleOptions } from './options/redis-session-module-options.js';
import { RedisSessionOptions } from './options/redis-session.options.js';
import { SessionRegistration } from './request/session-registration.js';
import { sessionToken } from './session-tokens.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionStore } from './session/session-store.js';

/** What a registration says beside the options. */
export interface RedisSessionModuleExtras {
  /** Makes the module's exports available everywhere, without importing it again. @default true */
  isGlobal?: boolean;
  /**
   * Tells registrations apart where an application has several: each has sessions, a cookie and tokens of its own
   * (`getSessionRepositoryToken(name)`), and gives sessions to its own routes. It is the default of `applicationName`
   * as well.
   * @default none
   * @example RedisSessionModule.forRoot({ name: 'admin', forRoutes: ['admin'], cookie: { name: 'admin' } })
   */
  name?: string;
  /**
   * The routes that get sessions, as the middleware of NestJS takes them: a path with everything below it, or
   * `{ path, method }`. A path is the one that clients send: a global prefix is part of it. `[]`: none.
   *
   * Both the path of a request and the pattern of the route that the router matched must be among them; a request of
   * which the two belong to different registrations has no session.
   * @default all
   * @example ['admin', { path: 'login', method: RequestMethod.POST }]
   */
  forRoutes?: readonly SessionRoute[];
  /**
   * Routes that get no session: a path by itself, or `{ path, method }`; wildcards as in `health/{*path}`.
   * @default none
   */
  exclude?: readonly SessionRoute[];
}

/** Token of what a registration says beside the options. */
export const REGISTRATION_EXTRAS = Symbol('nestjs-redis-session registration');

// Their keys tell Nest what is no option.
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
  // Inside of the module the classes are the tokens; under a name they leave it as something else.
  const named = own.map((provider) => ({ provide: sessionToken(provider, name), useExisting: provider }));
  return {
    ...definition,
    global: isGlobal ?? true,
    providers: [
      ...(definition.providers ?? []),
      { provide: REGISTRATION_EXTRAS, useValue: extras },
      ...(name === undefined ? [] : named),
    ],
    // The interceptor serves the routes of all registrations, whichever of them a controller gets it from.
    exports: [...named.map(({ provide }) => provide), SessionInterceptor, SessionHttp],
  };
}
