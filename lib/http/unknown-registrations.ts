import 'reflect-metadata';
import type { ModulesContainer } from '@nestjs/core';
import { USED_REGISTRATION, type UsedRegistration } from '../request/decorator-metadata.js';
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
      for (const place of placesOf(metatype)) {
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

// The class and its methods, inherited ones included.
function placesOf(metatype: { readonly prototype?: object }): object[] {
  const places: object[] = [metatype];
  for (let { prototype } = metatype; prototype && prototype !== Object.prototype;) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function') places.push(value as object);
    }
    prototype = Object.getPrototypeOf(prototype) as object | undefined;
  }
  return places;
}
