import { type CanActivate, type ExecutionContext, Module } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { sessionFromContext } from 'nestjs-redis-session';
import { MessageSessionGuard } from 'nestjs-redis-session/websockets';

interface Visitor {
  name: string;
}

export class MembersOnly implements CanActivate {
  canActivate(context: ExecutionContext) {
    return sessionFromContext<Visitor>(context).name !== undefined;
  }
}

@Module({
  providers: [
    { provide: APP_GUARD, useClass: MessageSessionGuard },
    { provide: APP_GUARD, useClass: MembersOnly },
  ],
})
export class GuardsModule {}
