import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { USED_REGISTRATION, type UsedRegistration } from '../http/used-registrations.js';
import { UseSessionGuard } from './use-session.guard.js';

/**
 * Says whose sessions a controller or handler uses, if the application registers the module several times. A request
 * that has the session of another registration, or none, does not get in. The handler's word counts before the
 * controller's.
 *
 * It only ever refuses: `forRoutes` and `exclude` decide which registration a route has. A name that no registration
 * has stops the start with a SessionOptionsError.
 *
 * @param name of the registration
 * @default the registration without a name
 * @throws SessionMissingError if the request has no session of this registration
 * @example
 * ```ts
 * @Controller('admin') @UseSession('admin') class AdminController {}
 * ```
 */
export const UseSession = (name?: string): MethodDecorator & ClassDecorator =>
  applyDecorators(
    SetMetadata(USED_REGISTRATION, { name } satisfies UsedRegistration),
    UseGuards(UseSessionGuard),
  );
