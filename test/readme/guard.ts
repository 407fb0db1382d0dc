import { type CanActivate, Controller, type ExecutionContext, Get, UseGuards } from '@nestjs/common';
import { Session, sessionFromContext } from 'nestjs-redis-session';

interface Visitor {
  visitor: string;
}

export class LoggedIn implements CanActivate {
  canActivate(context: ExecutionContext) {
    return sessionFromContext<Visitor>(context).visitor !== undefined;
  }
}

@Controller('account')
@UseGuards(LoggedIn)
export class AccountController {
  @Get()
  show(@Session('visitor') visitor: string) {
    return { visitor };
  }
}
