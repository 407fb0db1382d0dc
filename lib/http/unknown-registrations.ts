import 'reflect-metadata';
import type { ModulesContainer } from '@nestjs/core';
import { USED_REGISTRATION, type UsedRegistration } from '../request/decorator-metadata.js';
import { methodsOf } from './methods-of.js';
import { called } from './session-registrations.js';

/**
 * Checks the registrations that `@UseSession()` and `@GatewaySession()` name in the application.
 * @param names the names of all registrations
 * @returns a sentence for each name that no registration has
 */
export function unknownRegistrations(
  modules: ModulesContainer,
  names: readonly (string | undefined)[],
): string[] {
  const faults = new Set<string>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype !== 'function') continue;
      for (const place of [metatype, ...methodsOf(metatype)]) {
        const used = Reflect.getMetadata(USED_REGISTRATION, place) as UsedRegistration | undefined;
        if (used === undefined || names.includes(used.name)) continue;
        faults.add(
          `${metatype.name} names the registration ${called(used)}, which does not exist (registrations: ${names.map((name) => called({ name })).join(', ')}). Change the name, or add it to a RedisSessionModule.forRoot().`,
        );
      }
    }
  }
  return [...faults];
}
