import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { sessionFromContext } from 'nestjs-redis-session';
import type { ShopSession } from './shop-session.js';

/** Admits only visitors who have logged in. Sessions are loaded before guards run. */
@Injectable()
export class LoggedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (sessionFromContext<ShopSession>(context).visitor === undefined)
      throw new UnauthorizedException('Log in first.');
    return true;
  }
}
