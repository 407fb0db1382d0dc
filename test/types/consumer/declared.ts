// Compiled by consumer.spec.ts, as an application of somebody else's that declares its attributes.
import type { Request } from 'express';
import { Session, SessionRepository, type Session as AnySession } from 'nestjs-redis-session';

declare module 'nestjs-redis-session' {
  interface SessionData {
    cart: string[];
  }
}
interface Shop {
  visits: number;
}

export class Controller {
  constructor(private readonly sessions: SessionRepository) {}

  handler(request: Request, @Session() session: Session<Shop>, @Session() untyped: Session): void {
    const items: string[] | undefined = request.session.cart;
    const visits: number | undefined = session.visits;
    const id: string = session.id;
    untyped.cart = [];
    session.cart = ['tea'];
    // @ts-expect-error: carts hold texts
    session.cart = [1];
    // @ts-expect-error: not an attribute
    session.kart = [];
    // @ts-expect-error: read-only
    session.id = '';
    // @ts-expect-error: read-only
    session.authenticatedAt = new Date();
    const since: number | undefined = session.authenticatedAt?.getTime();
    session.rotate({ authenticated: true });
    // @ts-expect-error: only an option
    session.rotate(true);
    const sessionID: string | undefined = request.sessionID;
    // @ts-expect-error: a request may have no session
    const certain: string = request.sessionID;
    const plain: AnySession = session;
    void [items, visits, id, since, sessionID, certain, plain];
  }

  async repository(id: string): Promise<string[] | undefined> {
    const session = await this.sessions.find<Shop>(id);
    if (session) await this.sessions.save(session);
    return session?.cart;
  }

  attributes(
    @Session('cart') cart: string[] | undefined,
    @Session('id') id: string,
    // @ts-expect-error: no attribute that is declared
    @Session('kart') typo: unknown,
  ): void {
    void [cart, id, typo];
  }
}
