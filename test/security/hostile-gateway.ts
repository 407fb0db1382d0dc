import { UseFilters } from '@nestjs/common';
import { MessageBody, SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { Session, SessionState } from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';
import { NEVER, type Observable } from 'rxjs';
import type { Visitor } from '../integrations/chat-app.js';
import { ExceptionsToWs } from '../integrations/exceptions-to-ws.js';
import { deferred, type Deferred } from '../support/barrier.js';

/** What the handlers wait for, and how many are running. */
export const scene: { go: Deferred<void>; underWay: number; observed: number } = {
  go: deferred(),
  underWay: 0,
  observed: 0,
};

/** Handlers that wait, so that the session or the socket can change meanwhile. */
@WebSocketGateway()
@UseFilters(ExceptionsToWs)
@GatewaySession({ closeOnSessionEnd: true, checkEveryInSeconds: 3600 })
export class HostileGateway {
  @SubscribeMessage('name')
  name(@Session('name') name: string | undefined): object {
    return { event: 'name', data: name ?? null };
  }

  @SubscribeMessage('note')
  note(@Session() session: Session<Visitor>, @MessageBody() text: unknown): object {
    session.said = [typeof text];
    return { event: 'note', data: typeof text };
  }

  @SubscribeMessage('write-later')
  async writeLater(@Session() session: Session<Visitor>): Promise<object> {
    await this.#wait();
    session.name = 'mallory';
    return { event: 'done', data: true };
  }

  @SubscribeMessage('verb-later')
  async verbLater(
    @Session() session: Session<Visitor>,
    @MessageBody() verb: 'save' | 'reload' | 'touch' | 'destroy',
  ): Promise<object> {
    await this.#wait();
    if (verb === 'save') session.name = 'mallory';
    await session[verb]();
    return { event: 'done', data: session.name ?? null };
  }

  @SubscribeMessage('hold')
  @SessionState('exclusive')
  async hold(@Session() session: Session<Visitor>): Promise<object> {
    session.name = 'half done';
    await this.#wait();
    return { event: 'done', data: true };
  }

  @SubscribeMessage('hold-a-stream')
  @SessionState('exclusive')
  holdStream(): Observable<object> {
    scene.underWay++;
    return NEVER;
  }

  @SubscribeMessage('count')
  @SessionState('exclusive')
  count(@Session() session: Session<Visitor>): object {
    session.count = (session.count ?? 0) + 1;
    return { event: 'count', data: session.count };
  }

  async #wait(): Promise<void> {
    scene.underWay++;
    await scene.go.promise;
  }
}
