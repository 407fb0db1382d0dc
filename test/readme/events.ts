import { Injectable, Module } from '@nestjs/common';
import { EventEmitter2, EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { RedisSessionModule, type SessionBoundEvent, type SessionExpiredEvent } from 'nestjs-redis-session';

@Injectable()
export class AuditLog {
  readonly lines: string[] = [];

  @OnEvent('session.bound')
  loggedIn({ id, user }: SessionBoundEvent) {
    this.lines.push(`${user} logged in: ${id}`);
  }

  @OnEvent('session.expired')
  timedOut({ id, attributes }: SessionExpiredEvent) {
    this.lines.push(`${id} timed out in ${String(attributes['city'])}`);
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    RedisSessionModule.forRootAsync({
      inject: [EventEmitter2],
      useFactory: (events: EventEmitter2) => ({ events, listedAttributes: ['city'] }),
    }),
  ],
  providers: [AuditLog],
})
export class SessionsWithEvents {}
