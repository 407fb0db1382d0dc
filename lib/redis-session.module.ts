import {
  type DynamicModule,
  Inject,
  Logger,
  Module,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common';
import { APP_INTERCEPTOR, HttpAdapterHost, ModulesContainer } from '@nestjs/core';
import { SessionHttp } from './http/session-http.js';
import { SessionInterceptor } from './context/session.interceptor.js';
import { InMemorySessionStore } from './memory/in-memory-session.store.js';
import { ConnectRedisRecords } from './migration/connect-redis-records.js';
import { MigratedSessions } from './migration/migrated-sessions.js';
import { OldCookie } from './migration/old-cookie.js';
import { SessionMigration } from './migration/session-migration.js';
import { ObservedSessionLocks } from './observed/observed-session-locks.js';
import { ObservedSessionStore } from './observed/observed-session-store.js';
import type { Observation } from './observed/observation.js';
import type { ExpirySweep } from './observed/expiry-sweep.js';
import type { SessionEvents } from './observed/session-events.js';
import { eventsOf, expirySweepOf } from './redis-session.events.js';
import { observationOf } from './redis-session.observation.js';
import type { RedisSessionModuleOptions } from './options/redis-session-module-options.js';
import { keysOf } from './options/encryption-options.js';
import { RedisSessionOptions } from './options/redis-session.options.js';
import { resolveOptions } from './options/resolve-options.js';
import { shapeOf } from './options/session-schema.js';
import {
  type ASYNC_OPTIONS_TYPE,
  ConfigurableModuleClass,
  MODULE_OPTIONS_TOKEN,
  type OPTIONS_TYPE,
  REGISTRATION_EXTRAS,
  type RedisSessionModuleExtras,
} from './redis-session.module-definition.js';
import { RedisCommands } from './redis/redis-commands.js';
import { RedisConnection } from './redis/redis-connection.js';
import { RedisSessionStore } from './redis/redis-session.store.js';
import { SessionKeys } from './redis/session-keys.js';
import { CookieSessionIdResolver } from './request/cookie-session-id-resolver.js';
import { HeaderSessionIdResolver } from './request/header-session-id-resolver.js';
import { type MigrationHook, SessionRegistration } from './request/session-registration.js';
import { AttributeCipher, type EncryptionKeys, keysInMemory } from './session/attribute-cipher.js';
import { SessionOperations } from './session/session-operations.js';
import type { SessionPolicy } from './session/session-policy.js';
import { SessionStore } from './session/session-store.js';
import { SessionOptionsError } from './session/session.errors.js';
import { SessionRepository } from './session/session.repository.js';

// The options that the module uses, with the overrides of a test.
const SETTLED_OPTIONS = Symbol('nestjs-redis-session options');
// Tells the observers; undefined if there are none.
const OBSERVATION = Symbol('nestjs-redis-session observation');
// Tells the listeners of events; undefined if there are none.
const EVENTS = Symbol('nestjs-redis-session events');
const EXPIRY_SWEEP = Symbol('nestjs-redis-session expiry sweep');
const POLICY = Symbol('nestjs-redis-session policy');
// What the module itself uses: the store, or its observed form.
const USED_STORE = Symbol('nestjs-redis-session store');

const providers: Provider[] = [
  // forRoot() provides both. Without it, these factories throw.
  ...[MODULE_OPTIONS_TOKEN, REGISTRATION_EXTRAS].map((provide) => ({ provide, useFactory: noForRoot })),
  {
    provide: RedisSessionOptions,
    inject: [MODULE_OPTIONS_TOKEN, REGISTRATION_EXTRAS],
    useFactory: (given: RedisSessionModuleOptions | undefined, { name }: RedisSessionModuleExtras) =>
      resolveOptions({ ...given, applicationName: given?.applicationName ?? name }),
  },
  {
    // A test can override only some options with overrideProvider(); this adds the others.
    provide: SETTLED_OPTIONS,
    inject: [RedisSessionOptions, MODULE_OPTIONS_TOKEN, REGISTRATION_EXTRAS],
    useFactory: (
      options: RedisSessionModuleOptions,
      given: RedisSessionModuleOptions | undefined,
      { name }: RedisSessionModuleExtras,
    ) =>
      Object.isFrozen(options)
        ? options
        : resolveOptions({
            ...given,
            ...options,
            applicationName: options.applicationName ?? given?.applicationName ?? name,
          }),
  },
  {
    provide: RedisConnection,
    inject: [SETTLED_OPTIONS],
    useFactory: async (options: RedisSessionOptions) => {
      if (options.store !== 'redis') return undefined;
      const connection = new RedisConnection(options, new Logger('RedisSessionModule'));
      await connection.open();
      return connection;
    },
  },
  {
    provide: SessionStore,
    inject: [SETTLED_OPTIONS, RedisConnection, OBSERVATION],
    useFactory: (
      options: RedisSessionOptions,
      connection: RedisConnection | undefined,
      observation: Observation | undefined,
    ): SessionStore => {
      if (connection !== undefined)
        return new RedisSessionStore(connection.client, options, connection, observation);
      return typeof options.store === 'object' ? options.store : new InMemorySessionStore();
    },
  },
  { provide: EVENTS, inject: [SETTLED_OPTIONS], useFactory: eventsOf },
  { provide: OBSERVATION, inject: [SETTLED_OPTIONS, EVENTS], useFactory: observationOf },
  { provide: POLICY, inject: [SETTLED_OPTIONS, EVENTS], useFactory: policyOf },
  { provide: EXPIRY_SWEEP, inject: [SessionStore, POLICY, EVENTS], useFactory: expirySweepOf },
  {
    provide: USED_STORE,
    inject: [SessionStore, OBSERVATION],
    useFactory: (store: SessionStore, observation: Observation | undefined): SessionStore =>
      observation === undefined ? store : new ObservedSessionStore(store, observation),
  },
  {
    provide: SessionOperations,
    inject: [USED_STORE, POLICY, OBSERVATION],
    useFactory: (store: SessionStore, policy: SessionPolicy, observation: Observation | undefined) => {
      const locks = observation && new ObservedSessionLocks(store, policy.lock, observation);
      return new SessionOperations(store, policy, locks);
    },
  },
  {
    provide: SessionRepository,
    inject: [USED_STORE, SETTLED_OPTIONS, SessionOperations],
    useFactory: (store: SessionStore, options: RedisSessionOptions, operations: SessionOperations) =>
      new SessionRepository(store, options, operations),
  },
  {
    provide: SessionRegistration,
    inject: [SessionOperations, SETTLED_OPTIONS, RedisConnection, REGISTRATION_EXTRAS, SessionStore],
    useFactory: (
      operations: SessionOperations,
      options: RedisSessionOptions,
      connection: RedisConnection | undefined,
      { name }: RedisSessionModuleExtras,
      store: SessionStore,
    ) => {
      const { header, cookie, sessionState, sessionCacheControl, expiresHeader, applicationName } = options;
      const resolver = header ? new HeaderSessionIdResolver(header) : new CookieSessionIdResolver(cookie);
      const migration = migrationOf(options, connection, operations);
      const devices = options.deviceBound?.create({
        name,
        applicationName,
        operations,
        resolver,
        cookie: header ? undefined : cookie,
        canBind: store.bindDevice !== undefined && store.index !== undefined,
      });
      return new SessionRegistration(
        name,
        operations,
        resolver,
        sessionState,
        sessionCacheControl,
        migration,
        expiresHeader,
        devices,
      );
    },
  },
  {
    provide: SessionHttp,
    inject: [HttpAdapterHost, SessionRegistration, SETTLED_OPTIONS, REGISTRATION_EXTRAS, ModulesContainer],
    useFactory: (
      host: HttpAdapterHost,
      sessions: SessionRegistration,
      { hydrate, shutdownTimeoutInMilliseconds }: RedisSessionOptions,
      routes: RedisSessionModuleExtras,
      modules: ModulesContainer,
    ) => new SessionHttp(host, { sessions, hydrate, routes }, modules, shutdownTimeoutInMilliseconds),
  },
  SessionInterceptor,
  {
    // Nest skips an undefined global interceptor, so only applications that need it pay for it.
    provide: APP_INTERCEPTOR,
    inject: [SETTLED_OPTIONS, SessionInterceptor],
    useFactory: ({ hydrate, sessionState }: RedisSessionOptions, interceptor: SessionInterceptor) =>
      hydrate === 'interceptor' || sessionState !== 'read-write' ? interceptor : undefined,
  },
];

/**
 * Adds sessions in Redis to a NestJS application. Import it once; main.ts needs no change. An application with several
 * kinds of visitors (a shop and its back office) imports it once for each kind, all but one with a `name`.
 *
 * @example
 * ```ts
 * @Module({ imports: [RedisSessionModule.forRoot({ applicationName: 'shop' })] })
 * export class AppModule {}
 * ```
 */
@Module({ providers })
export class RedisSessionModule extends ConfigurableModuleClass implements OnApplicationShutdown {
  constructor(
    http: SessionHttp,
    @Inject(RedisConnection) private readonly connection: RedisConnection | undefined,
    @Inject(SessionStore) private readonly store: SessionStore,
    private readonly operations: SessionOperations,
    @Inject(EXPIRY_SWEEP) private readonly sweep: ExpirySweep | undefined,
  ) {
    super();
    // As early as possible, so that middleware of main.ts such as passport.session() finds the session.
    http.installWhenReady();
  }

  /**
   * Registers the module. An omitted option comes from the environment (`REDIS_SESSION_…`), or else has its default.
   * @throws SessionOptionsError at start. It lists every fault.
   */
  static override forRoot(options: typeof OPTIONS_TYPE = {}): DynamicModule {
    return super.forRoot(options);
  }

  /**
   * Registers the module with options from a factory, a class or another provider.
   * @example RedisSessionModule.forRootAsync(redisSessionConfig.asProvider())
   */
  static override forRootAsync(options: typeof ASYNC_OPTIONS_TYPE): DynamicModule {
    return super.forRootAsync(options);
  }

  /**
   * Releases the locks that requests still hold, and closes the store and the module's connection. The server is closed by
   * then, so the last request has ended, or its time was over.
   */
  async onApplicationShutdown(): Promise<void> {
    try {
      await this.operations.close();
      await this.sweep?.close();
      await this.store.close?.();
    } finally {
      await this.connection?.close();
    }
  }
}

function noForRoot(): never {
  throw new SessionOptionsError([
    'RedisSessionModule is imported without forRoot(). Write RedisSessionModule.forRoot() in imports; it needs no arguments.',
  ]);
}

async function policyOf(options: RedisSessionOptions, events?: SessionEvents): Promise<SessionPolicy> {
  const emit = events?.emit;
  const { encryption, applicationName } = options;
  const shape = shapeOf(options);
  if (encryption === undefined)
    return shape === undefined && emit === undefined
      ? options
      : Object.assign({ emit, shape, serializer: options.serializer }, options);
  const list = keysOf(encryption.keys);
  const keys = list === undefined ? (encryption.keys as EncryptionKeys) : keysInMemory(list);
  await keys.open?.();
  const cipher = new AttributeCipher(keys, applicationName, encryption.acceptPlainText);
  // The serializer is hidden from copies if it is the application's own.
  return Object.assign({ emit, cipher, shape, serializer: options.serializer }, options);
}

function migrationOf(
  options: RedisSessionOptions,
  connection: RedisConnection | undefined,
  operations: SessionOperations,
): MigrationHook | undefined {
  const { migrateFrom } = options;
  const client = migrateFrom?.client ?? connection?.client;
  if (migrateFrom === undefined || client === undefined) return undefined;
  const records = new ConnectRedisRecords(new RedisCommands(client, options), migrateFrom.prefix);
  const migrated = new MigratedSessions(
    new RedisCommands(connection?.client ?? client, options),
    new SessionKeys(options.applicationName),
    migrateFrom.rememberMigratedInSeconds,
  );
  const log = new Logger('RedisSessionModule');
  return new OldCookie(migrateFrom, new SessionMigration(operations, records, migrated, log));
}
