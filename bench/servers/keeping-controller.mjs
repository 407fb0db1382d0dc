import { setTimeout as sleep } from 'node:timers/promises';
import { Controller, Get, Query, Req } from '@nestjs/common';

/** Handlers that take a while, so that requests of one session overlap. */
export class KeepingController {
  login({ session }) {
    session.user = 'ada';
    session.visits = 0;
    return { ok: true };
  }

  async set({ session }, name) {
    await sleep(20);
    session[name] = 1;
    return { ok: true };
  }

  async increment({ session }) {
    const { visits } = session;
    await sleep(1);
    session.visits = visits + 1;
    return { ok: true };
  }

  async slowRead({ session }) {
    const { user } = session;
    await sleep(200);
    return { user };
  }

  async logout({ session }) {
    await new Promise((resolve, reject) => {
      session.destroy((error) => (error ? reject(error) : resolve()));
    });
    return { ok: true };
  }

  async slowSet({ session }) {
    session.late = session.user;
    await sleep(200);
    return { ok: true };
  }

  all({ session }) {
    const { user, visits, late } = session;
    return { user, visits, late, names: Object.keys(session).filter((name) => name.startsWith('attribute')) };
  }
}

const paths = { login: 'login', set: 'set', increment: 'increment', slowRead: 'slow-read', logout: 'logout', slowSet: 'slow-set', all: 'all' }; // prettier-ignore

/** Applies the decorators by hand. The counter route is `exclusive` if the library supports that. */
export function keepingRoutes({ exclusive }) {
  Controller()(KeepingController);
  for (const [method, path] of Object.entries(paths)) {
    const descriptor = Object.getOwnPropertyDescriptor(KeepingController.prototype, method);
    Get(path)(KeepingController.prototype, method, descriptor);
    Req()(KeepingController.prototype, method, 0);
    Query('name')(KeepingController.prototype, method, 1);
    if (method === 'increment') exclusive?.(KeepingController.prototype, method, descriptor);
  }
  return KeepingController;
}
