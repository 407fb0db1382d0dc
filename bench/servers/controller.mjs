import { Controller, Get, Req } from '@nestjs/common';
import { hugeSession, largeSession, smallSession } from '../parts/session-data.mjs';

/** The handlers of all cases. Each library provides its own `request.session`. */
export class SessionController {
  none() {
    return { ok: true };
  }

  untouched() {
    return { ok: true };
  }

  read({ session }) {
    return { name: session.user.name };
  }

  change({ session }) {
    session.visits += 1;
    return { visits: session.visits };
  }

  fresh({ session }) {
    Object.assign(session, smallSession());
    return { visits: session.visits };
  }

  large({ session }) {
    Object.assign(session, largeSession());
    return { visits: session.visits };
  }

  huge({ session }) {
    Object.assign(session, hugeSession());
    return { visits: session.visits };
  }

  two({ session }) {
    session.user = smallSession().user;
    session.visits = 1;
    return { visits: 1 };
  }
}

/** The ceiling: the same answers without sessions. */
export class PlainController extends SessionController {
  #visits = 0;

  read() {
    return { name: 'Ada Lovelace' };
  }

  change() {
    return { visits: (this.#visits = (this.#visits + 1) % 1000) };
  }

  fresh() {
    return { visits: 1 };
  }

  large() {
    return { visits: 1 };
  }
}

/** Applies the decorators by hand, because plain JavaScript has none yet. */
export function routed(controller) {
  Controller()(controller);
  const paths = {
    none: 'none',
    untouched: 'untouched',
    read: 'read',
    change: 'change',
    fresh: 'new',
    large: 'new-large',
    huge: 'new-huge',
    two: 'new-two',
  };
  for (const [method, path] of Object.entries(paths)) {
    controller.prototype[method] ??= SessionController.prototype[method];
    Get(path)(controller.prototype, method, { value: controller.prototype[method] });
    Req()(controller.prototype, method, 0);
  }
  return controller;
}
