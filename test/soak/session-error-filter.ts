import { type ArgumentsHost, Catch, type ExceptionFilter, HttpException } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { SessionError } from 'nestjs-redis-session';

/** The code of the failures that handlers make themselves. */
export const OF_THE_HANDLER = 'SOAK_HANDLER';

/** Says which error it was, so that the checker need not guess. */
@Catch(SessionError, HttpException)
export class SessionErrorFilter implements ExceptionFilter {
  constructor(private readonly host: HttpAdapterHost) {}

  catch(error: SessionError | HttpException, host: ArgumentsHost): void {
    const response: unknown = host.switchToHttp().getResponse();
    // What ends a request after its handler comes from Nest 12 as an HttpException with the error as its cause.
    const ofSession = [error, error.cause].find((one) => one instanceof SessionError)?.code;
    const code = ofSession ?? (error.message === OF_THE_HANDLER ? OF_THE_HANDLER : undefined);
    const status = error instanceof SessionError ? error.statusCode : error.getStatus();
    this.host.httpAdapter.reply(response, { code, message: error.message }, status);
  }
}
