import { Catch } from '@nestjs/common';
import { BaseWsExceptionFilter } from '@nestjs/websockets';

interface NativeSocket {
  readyState?: number;
  send(text: string): void;
}

type Cause = Parameters<BaseWsExceptionFilter['handleError']>[2];

/**
 * Tells clients of `ws` about exceptions. The filter of NestJS 12 does so itself; that of 11 speaks to socket.io alone,
 * and applications have one like this.
 */
@Catch()
export class ExceptionsToWs extends BaseWsExceptionFilter {
  override handleError(client: object, exception: unknown, cause: Cause): void {
    const socket = client as NativeSocket;
    const isForgotten = socket.readyState !== undefined && !('isNativeWebSocket' in this);
    const emit = (event: string, data: unknown): void => socket.send(JSON.stringify({ event, data }));
    super.handleError(isForgotten ? { emit } : client, exception, cause);
  }
}
