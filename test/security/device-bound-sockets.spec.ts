import { once } from 'node:events';
import { UseFilters } from '@nestjs/common';
import { WsAdapter } from '@nestjs/platform-ws';
import { SubscribeMessage, WebSocketGateway } from '@nestjs/websockets';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Session } from 'nestjs-redis-session';
import { GatewaySession } from 'nestjs-redis-session/websockets';
import { RequireDeviceBound } from 'nestjs-redis-session/dbsc';
import { WebSocket } from 'ws';
import { platforms } from '../http/http-app.js';
import { ExceptionsToWs } from '../integrations/exceptions-to-ws.js';
import type { Browser } from '../support/http-browser.js';
import { type Bank, later, startBank } from './device-bound-app.js';

@WebSocketGateway()
@UseFilters(ExceptionsToWs)
@GatewaySession()
class BankGateway {
  @SubscribeMessage('who')
  who(@Session('user') user?: string) {
    return { event: 'who', data: user ?? 'nobody' };
  }
  @SubscribeMessage('transfer')
  @RequireDeviceBound()
  transfer() {
    return { event: 'who', data: 'moved' };
  }
}

async function ask(socket: WebSocket, event: string): Promise<unknown> {
  const answer = once(socket, 'message');
  socket.send(JSON.stringify({ event }));
  const [text] = (await answer) as [Buffer];
  return (JSON.parse(text.toString()) as { data: unknown }).data;
}

describe.each(platforms)('a socket of a bound session, on %s', (platform) => {
  let bank: Bank;
  const sockets: WebSocket[] = [];
  beforeEach(async () => {
    bank = await startBank(
      platform,
      { mode: 'enforce' },
      {
        providers: [BankGateway],
        main: (app) => void app.useWebSocketAdapter(new WsAdapter(app)),
      },
    );
  });
  afterEach(async () => {
    jest.useRealTimers();
    for (const socket of sockets.splice(0)) socket.terminate();
    await bank.close();
  });

  async function connect(web: Browser): Promise<WebSocket> {
    const names = ['sid', 'sid-device'].filter((name) => web.cookie(name) !== undefined);
    const cookie = names.map((name) => `${name}=${web.cookie(name)}`).join('; ');
    const socket = new WebSocket(bank.url.replace('http', 'ws'), { headers: { cookie } });
    sockets.push(socket);
    await once(socket, 'open');
    return socket;
  }

  it('has the session if the proof was valid when it was opened, and later, too', async () => {
    const browser = await bank.device().bind();
    const socket = await connect(browser.web);
    expect(await ask(socket, 'who')).toBe('ada');
    later(700);
    expect(await ask(socket, 'who')).toBe('ada');
  });

  it('has no session if a thief opens it after the proof has expired', async () => {
    const browser = await bank.device().bind();
    const thief = browser.stolen();
    later(700);
    const socket = await connect(thief);
    expect(await ask(socket, 'who')).toBe('nobody');
    await browser.refresh();
    expect(await ask(socket, 'who')).toBe('nobody');
  });

  it('cannot send messages to a handler with @RequireDeviceBound(): they prove nothing', async () => {
    const browser = await bank.device().bind();
    const socket = await connect(browser.web);
    expect(await ask(socket, 'who')).toBe('ada');
    expect(await ask(socket, 'transfer')).toMatchObject({ status: 'error' });
  });
});
