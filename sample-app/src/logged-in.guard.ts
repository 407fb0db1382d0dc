import { type CanActivate, type ExecutionContext, Injectable, UnauthorizedException } from '@nestjs/common';
import { sessionFromContext } from 'nestjs-redis-session';
import type { ShopSession } from './shop-session.js';

/** Lets visitors in who have logged in. The session is there before any guard runs. */
@Injectable()
export class LoggedInGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    if (sessionFromContext<ShopSession>(context).visitor === undefined)
      throw new UnauthorizedException('Log in first.');
    return true;
  }
}
