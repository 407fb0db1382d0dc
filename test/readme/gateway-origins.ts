import { WebSocketGateway } from '@nestjs/websockets';
import { GatewaySession } from 'nestjs-redis-session/websockets';

@WebSocketGateway()
@GatewaySession({ allowedOrigins: ['https://shop.example', 'http://localhost:4200'] })
export class NewsGateway {}
