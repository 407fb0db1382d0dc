// Types `request.session`, on Express and on Fastify.
import './http/express-request.js';
import './http/fastify-request.js';

export { RedisSessionModule } from './redis-session.module.js';
export type { RedisSessionModuleExtras } from './redis-session.module-definition.js';
export type { SessionRoute } from './http/route-filter.js';
export {
  getRedisSessionOptionsToken,
  getSessionRepositoryToken,
  getSessionStoreToken,
} from './session-tokens.js';

export { RedisSessionOptions } from './options/redis-session.options.js';
export type { CookieOptions as SessionCookieOptions } from './options/cookie-options.js';
export type { HeaderOptions as SessionHeaderOptions } from './options/header-options.js';
export type { EncryptionOptions as SessionEncryptionOptions } from './options/encryption-options.js';
export type { TimeoutPreset } from './options/timeout-presets.js';
export type { ForgedCredentialReport } from './session/forged-credentials.js';
export type { EncryptionKeys } from './session/attribute-cipher.js';
export type { LockOptions as SessionLockOptions } from './options/lock-options.js';
export type {
  RedisClusterOptions,
  RedisNode,
  RedisSentinelOptions,
  SentinelNode,
} from './options/topology-options.js';
export type { RedisCredentials, RedisCredentialsProvider } from './options/redis-credentials.js';
export type { RedisSessionModuleOptions } from './options/redis-session-module-options.js';
export { expressSession } from './options/express-session.js';
export type { ExpressSessionMigration, ExpressSessionOptions } from './options/express-session.js';
export type { SessionOf, SessionSchema, StandardSchema } from './options/session-schema.js';
export { redisSessionConfig } from './options/redis-session.config.js';
export type { RedisSessionConfig } from './options/redis-session.config.js';

export { Session, sessionFromContext } from './context/session.decorator.js';
export type { SessionAttributeName } from './context/session.decorator.js';
export { SessionState } from './context/session-state.decorator.js';
export type { SessionStateOptions } from './context/session-state.decorator.js';
export { AllowCrossSite } from './context/allow-cross-site.decorator.js';
export { CrossSiteGuard } from './context/cross-site.guard.js';
export { RequireRecentAuthentication } from './context/require-recent-authentication.decorator.js';
export type { RecentAuthenticationOptions } from './context/require-recent-authentication.decorator.js';
export { RecentAuthenticationRequiredError } from './context/recent-authentication-required.error.js';
export { UseSession } from './context/use-session.decorator.js';
export { SessionInterceptor } from './context/session.interceptor.js';

export { SessionRepository } from './session/session.repository.js';
export type { DestroyOptions } from './session/session.repository.js';
export type { ListedSession } from './session/indexed-sessions.js';
export type { SessionIndexer } from './session/index-value.js';
export type { OnSessionLimit } from './session/session-policy.js';
export type { IndexedSession, IndexKey, SessionIndex } from './session/session-index.js';
export type { DeviceBinding } from './session/device-binding.js';
export type { DeviceBinder } from './request/device-hook.js';
export type { SessionCookie } from './session/session-cookie.js';
// `Session` is also a decorator, so declarations that TypeScript infers need another name for the type.
export type {
  RotateOptions,
  Session as SessionType,
  SessionCallback,
  SessionVerbs,
} from './session/session.js';
// A star export: only through it does TypeScript merge `declare module 'nestjs-redis-session'`.
export type * from './session/session-data.js';
export { jsonSerializer } from './session/session-serializer.js';
export type { SessionSerializer } from './session/session-serializer.js';

export type {
  SessionBoundEvent,
  SessionCreatedEvent,
  SessionDestroyedEvent,
  SessionEvent,
  SessionEventEmitter,
  SessionEventTarget,
  SessionExpiredEvent,
  SessionForgedEvent,
  SessionLockLostEvent,
  SessionRotatedEvent,
} from './session/session-event.js';
export type { ExpiredSession, SessionExpiries } from './session/session-expiries.js';
export type {
  ObservedOperation,
  ObservedResult,
  SessionDestroyReason,
  SessionObserver,
  SessionOperation,
  SessionOutcome,
} from './session/session-observer.js';
export type { OnInvalidData, SessionMigrate, SessionValues } from './session/session-shape.js';
export { SessionStore } from './session/session-store.js';
export type {
  DeviceChange,
  DeviceOutcome,
  AuthenticationChange,
  LockRequest,
  NewSessionRecord,
  SaveOutcome,
  SessionChanges,
  SessionLease,
  SessionRecord,
  SessionTimeouts,
  SessionTouch,
  StoreConnection,
} from './session/session-store.js';
export { RedisSessionStore } from './redis/redis-session.store.js';
export { InMemorySessionStore } from './memory/in-memory-session.store.js';

export {
  SessionAnswerSentError,
  SessionConflictError,
  SessionCrossSiteError,
  SessionDataError,
  SessionDeviceUnboundError,
  SessionError,
  SessionGoneError,
  SessionLimitError,
  SessionLockLostError,
  SessionLockTimeoutError,
  SessionMissingError,
  SessionOptionsError,
  SessionReadOnlyError,
  SessionSchemaError,
  SessionStartError,
  SessionStoreUnavailableError,
  SessionTooLargeError,
  SessionUsageError,
} from './session/session.errors.js';
export type { SessionErrorCode } from './session/session.errors.js';
