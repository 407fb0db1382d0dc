import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { USED_REGISTRATION, type UsedRegistration } from '../request/decorator-metadata.js';
import { UseSessionGuard } from './use-session.guard.js';

/**
 * Names the registration whose sessions a controller or handler uses, if the application imports the module several times.
 * A request without a session of this registration is rejected. The handler's decorator overrides the controller's.
 *
 * It does not choose the registration of a route; `forRoutes` and `exclude` do. If no registration has this name, the
 * application does not start (SessionOptionsError).
 *
 * @param name the name of the registration
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
