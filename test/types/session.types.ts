import type { Request } from 'express';
import { Session } from 'nestjs-redis-session';

declare module 'nestjs-redis-session' {
  interface SessionData {
    cart: string[];
  }
}
interface Shop {
  visits: number;
}

export class Controller {
  handler(request: Request, @Session() session: Session<Shop>, @Session() untyped: Session): void {
    const items: string[] | undefined = request.session.cart;
    const visits: number | undefined = session.visits;
    const id: string = session.id;
    untyped.cart = [];
    // @ts-expect-error: not an attribute of Shop
    session.cart = [];
    // @ts-expect-error: read-only
    session.id = '';
    const sessionID: string | undefined = request.sessionID;
    // @ts-expect-error: a request may have no session
    const certain: string = request.sessionID;
    void [items, visits, id, sessionID, certain];
  }
}
