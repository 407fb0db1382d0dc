import { Catch } from '@nestjs/common';
import { BaseWsExceptionFilter } from '@nestjs/websockets';

interface Socket {
  readyState?: number;
  send(text: string): void;
  emit(event: string, data: unknown): unknown;
}

type Cause = { pattern: string; data: unknown };

/**
 * Tells clients of `ws` about exceptions. The filter of NestJS 12 does so itself; that of 11 speaks to socket.io alone,
 * and applications have one like this.
 */
@Catch()
export class ExceptionsToWs extends BaseWsExceptionFilter {
  override handleError(client: Socket, exception: unknown, cause: Cause): void {
    const isForgotten = client.readyState !== undefined && !('isNativeWebSocket' in this);
    const emit = (event: string, data: unknown): void => client.send(JSON.stringify({ event, data }));
    super.handleError(isForgotten ? { emit } : client, exception, cause);
  }
}
