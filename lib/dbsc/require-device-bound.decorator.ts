import {
  applyDecorators,
  type CanActivate,
  type ExecutionContext,
  Injectable,
  UseGuards,
} from '@nestjs/common';
import { SessionDeviceUnboundError, sessionFromContext } from '../shared.js';

/**
 * Refuses requests that have not proved that they come from the device of their session.
 * @throws SessionDeviceUnboundError (403)
 */
@Injectable()
export class DeviceBoundGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const { deviceBound } = sessionFromContext(context);
    if (deviceBound === 'bound') return true;
    throw new SessionDeviceUnboundError(deviceBound);
  }
}

/**
 * Lets only requests that come from the device of their session reach a handler, or every handler of a controller: for
 * routes that move money. It refuses in the mode `observe`, too, and browsers that do not know the protocol.
 *
 * @throws SessionDeviceUnboundError (403), of code `SESSION_DEVICE_UNBOUND`
 * @example
 * ```ts
 * @Post('transfers') @RequireDeviceBound() transfer(@Body() transfer: Transfer) { … }
 * ```
 */
export const RequireDeviceBound = (): MethodDecorator & ClassDecorator =>
  applyDecorators(UseGuards(DeviceBoundGuard));
