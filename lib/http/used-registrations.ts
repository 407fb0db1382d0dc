import 'reflect-metadata';
import type { ExecutionContext } from '@nestjs/common';
import type { ModulesContainer } from '@nestjs/core';
import { called } from './session-registrations.js';

/** Where `@UseSession` leaves the registration that a controller or handler uses. */
export const USED_REGISTRATION = 'nestjs-redis-session:registration';

/** The registration that `@UseSession` names; `name` is `undefined` for the one without a name. */
export interface UsedRegistration {
  readonly name: string | undefined;
}

/** The registration that a handler says it uses, else its class. @returns `undefined` if neither says so */
export function usedRegistration(context: ExecutionContext): UsedRegistration | undefined {
  return usedBy(context.getHandler()) ?? usedBy(context.getClass());
}

// The context of an exception filter has neither a handler nor a class.
function usedBy(place: object | null | undefined): UsedRegistration | undefined {
  if (!place) return undefined;
  return Reflect.getMetadata(USED_REGISTRATION, place) as UsedRegistration | undefined;
}

/** What is wrong with the registrations that controllers and resolvers of the application name: there are none such. */
export function unknownRegistrations(
  modules: ModulesContainer,
  names: readonly (string | undefined)[],
): string[] {
  const faults = new Set<string>();
  for (const { controllers, providers } of modules.values()) {
    for (const { metatype } of [...controllers.values(), ...providers.values()]) {
      if (typeof metatype !== 'function') continue;
      for (const used of placesOf(metatype).map(usedBy)) {
        if (used === undefined || names.includes(used.name)) continue;
        faults.add(
          `${metatype.name} names the registration ${called(used)}, and there are only ${names.map((name) => called({ name })).join(', ')}. Change it, or give a RedisSessionModule.forRoot() this name.`,
        );
      }
    }
  }
  return [...faults];
}

// The class and its methods, those that it inherits too.
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
