import { jest } from '@jest/globals';
import { Body, Controller, Get, HttpCode, Post } from '@nestjs/common';
import { Session, SessionState } from 'nestjs-redis-session';
import { dbsc, RequireDeviceBound, type DbscOptions } from 'nestjs-redis-session/dbsc';
import { type HttpApp, type HttpAppSetup, type Platform, startApp } from '../http/http-app.js';
import { type DeviceBrowser, deviceBrowser } from './device-browser.js';

interface Visitor {
  user: string;
  note: string;
}

@Controller()
export class BankController {
  @Post('login')
  @HttpCode(200)
  logIn(@Session() session: Session<Visitor>, @Body() body: { user?: string }) {
    session.user = body?.user ?? 'ada';
    session.rotate();
    return { id: session.id };
  }
  /** Where an identity provider on another site sends the browser back to. */
  @Get('callback')
  callBack(@Session() session: Session<Visitor>) {
    session.user = 'ada';
    session.rotate();
  }
  @Post('rotate')
  rotate(@Session() session: Session) {
    session.rotate();
  }
  @Post('regenerate')
  async regenerate(@Session() session: Session) {
    const next = (await session.regenerate()) as Session<Visitor>;
    next.user = 'bob';
  }
  @Post('logout')
  async logOut(@Session() session: Session) {
    await session.destroy();
  }
  @Get('me')
  me(@Session() session: Session<Visitor>) {
    const { user, isNew, deviceBound } = session;
    return { user, isNew, deviceBound };
  }
  @Post('note')
  note(@Session() session: Session<Visitor>) {
    session.note = 'x';
  }
  @Get('news')
  @SessionState('read-only', { touch: false })
  news(@Session() { user, deviceBound }: Session<Visitor>) {
    return { user, deviceBound };
  }
  @Post('transfer')
  @HttpCode(200)
  @RequireDeviceBound()
  transfer() {
    return { moved: true };
  }
}

export const KEY = Buffer.alloc(32, 7).toString('base64');

export interface Bank extends HttpApp {
  /** A browser that knows the protocol, at https://bank.example. */
  device(): DeviceBrowser;
}

/** A bank whose sessions are bound to devices, behind a proxy that speaks TLS. */
export async function startBank(
  platform: Platform,
  options: DbscOptions = {},
  { options: sessions, ...setup }: HttpAppSetup = {},
): Promise<Bank> {
  const http = await startApp(platform, {
    controllers: [BankController],
    trustProxy: true,
    ...setup,
    options: { deviceBound: dbsc({ keys: [KEY], ...options }), ...sessions },
  });
  const at = { secure: true, host: 'bank.example' };
  return { ...http, sessions: http.sessions, device: () => deviceBrowser(http.browser(at)) };
}

/** Puts the clock of this process forward, that of the browser's cookies included. `jest.useRealTimers()` ends it. */
export function later(seconds: number): void {
  const now = Date.now() + seconds * 1000;
  // Only Date: sockets and Redis need real timers.
  jest.useFakeTimers({
    now,
    advanceTimers: true,
    doNotFake: [
      'hrtime',
      'nextTick',
      'performance',
      'queueMicrotask',
      'setImmediate',
      'clearImmediate',
      'setInterval',
      'clearInterval',
      'setTimeout',
      'clearTimeout',
    ],
  });
}
