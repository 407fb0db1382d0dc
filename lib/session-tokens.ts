import type { Abstract, InjectionToken, Type } from '@nestjs/common';
import { RedisSessionOptions } from './options/redis-session.options.js';
import { SessionRepository } from './session/session.repository.js';
import { SessionStore } from './session/session-store.js';

/** Token of a provider in the named registration. @returns the provider itself if there is no name */
export function sessionToken(
  provider: Type | Abstract<unknown> | symbol,
  name: string | undefined,
): InjectionToken {
  if (name === undefined) return provider;
  return `${typeof provider === 'symbol' ? provider.description : provider.name}:${name}`;
}

/**
 * Token of the repository in the named registration.
 * @example constructor(@Inject(getSessionRepositoryToken('admin')) private readonly sessions: SessionRepository) {}
 */
export function getSessionRepositoryToken(name?: string): InjectionToken {
  return sessionToken(SessionRepository, name);
}

/** Token of the store in the named registration. */
export function getSessionStoreToken(name?: string): InjectionToken {
  return sessionToken(SessionStore, name);
}

/** Token of the options that the named registration uses. */
export function getRedisSessionOptionsToken(name?: string): InjectionToken {
  return sessionToken(RedisSessionOptions, name);
}
