import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { assertRegistration, sessionSourceOf } from './session-source.js';

/** Rejects requests and messages without a session of the registration that `@UseSession()` names. */
@Injectable()
export class UseSessionGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    assertRegistration(context, sessionSourceOf(context));
    return true;
  }
}
