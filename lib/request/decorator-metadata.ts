// Metadata keys of the decorators. Several layers read them.

/** Key of the mark that `@AllowCrossSite()` sets. */
export const ALLOWS_CROSS_SITE = 'nestjs-redis-session:cross-site';

/** Key of the options of `@GatewaySession()`. */
export const GATEWAY_SESSION = 'nestjs-redis-session:gateway';

/** Key of the seconds that `@RequireRecentAuthentication()` sets. */
export const RECENT_AUTHENTICATION = 'nestjs-redis-session:recent-authentication';

/** Key of the state that `@SessionState()` sets. */
export const SESSION_STATE = 'nestjs-redis-session:state';

/** Key of whether the handlers of `@SessionState()` touch the session. */
export const SESSION_TOUCH = 'nestjs-redis-session:touch';

/** Key of the registration that `@UseSession()` names. */
export const USED_REGISTRATION = 'nestjs-redis-session:registration';

/** The registration that `@UseSession()` names. */
export interface UsedRegistration {
  /** `undefined` for the registration without a name. */
  readonly name: string | undefined;
}
