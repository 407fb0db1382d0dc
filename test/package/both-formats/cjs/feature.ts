// A feature of somebody else's application, compiled to CommonJS. See ../esm/main.ts.
import {
  type ArgumentsHost,
  type CanActivate,
  Catch,
  Controller,
  type ExceptionFilter,
  type ExecutionContext,
  Get,
  Inject,
  Module,
  Param,
  Post,
  UseFilters,
  UseGuards,
} from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import {
  Session,
  SessionError,
  sessionFromContext,
  SessionReadOnlyError,
  SessionRepository,
  SessionState,
  UseSession,
} from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';

interface Shop {
  visitor: string;
  cart: string[];
}

class LoggedIn implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    return sessionFromContext<Shop>(context).visitor !== undefined;
  }
}

@Catch(SessionError)
class CodeFilter implements ExceptionFilter {
  catch(error: SessionError, host: ArgumentsHost): void {
    const { code } = error;
    const readOnly = error instanceof SessionReadOnlyError;
    host.switchToHttp().getResponse<{ send(body: object): void }>().send({ code, readOnly });
  }
}

@Controller('feature')
@UseSession()
@UseGuards(LoggedIn)
@UseFilters(CodeFilter)
class FeatureController {
  constructor(@Inject(SessionRepository) private readonly sessions: SessionRepository) {}

  @Post('cart/:item')
  @SessionState('exclusive')
  add(@Param('item') item: string, @Session() session: Session<Shop>) {
    session.cart = [...(session.cart ?? []), item];
    return session.cart;
  }

  @Get('stored')
  async stored(@Session() session: Session<Shop>) {
    return (await this.sessions.find<Shop>(session.id))?.cart ?? null;
  }

  @Get('refused')
  @SessionState('read-only')
  refused(@Session() session: Session<Shop>) {
    session.cart = [];
  }
}

@WebSocketGateway()
@GatewaySession()
class FeatureGateway {
  @SubscribeMessage('say')
  say(@Session('visitor') name: string, @MessageBody() text: string) {
    return { event: 'said', data: `${name}: ${text}` };
  }
}

@Module({ controllers: [FeatureController], providers: [FeatureGateway] })
export class FeatureModule {}
