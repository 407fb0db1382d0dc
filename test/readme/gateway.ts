import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Session } from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';

@WebSocketGateway()
@GatewaySession({ closeOnSessionEnd: true })
export class ChatGateway {
  @SubscribeMessage('say')
  say(@Session('name') name: string, @MessageBody() text: string) {
    return `${name}: ${text}`;
  }
}
