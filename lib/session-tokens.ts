import type { Abstract, InjectionToken, Type } from '@nestjs/common';
import { RedisSessionOptions } from './options/redis-session.options.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionStore } from './session/session-store.js';

/** Token of a provider in the registration of this name: the provider's own where there is no name. */
export function sessionToken(
  provider: Type | Abstract<unknown> | symbol,
  name: string | undefined,
): InjectionToken {
  if (name === undefined) return provider;
  return `${typeof provider === 'symbol' ? provider.description : provider.name}:${name}`;
}

/**
 * Token of the repository in the registration of this name.
 * @example constructor(@Inject(getSessionRepositoryToken('admin')) private readonly sessions: SessionRepository) {}
 */
export function getSessionRepositoryToken(name?: string): InjectionToken {
  return sessionToken(SessionRepository, name);
}

/** Token of the store in the registration of this name. */
export function getSessionStoreToken(name?: string): InjectionToken {
  return sessionToken(SessionStore, name);
}

/** Token of the options that the registration of this name runs with. */
export function getRedisSessionOptionsToken(name?: string): InjectionToken {
  return sessionToken(RedisSessionOptions, name);
}
