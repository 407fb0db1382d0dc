// Compiled by consumer.spec.ts, as an application of somebody else's that declares no attributes for all its sessions.
import type { Request } from 'express';
import { Session } from 'nestjs-redis-session';

interface Shop {
  cart: string[];
}

export class Controller {
  handler(
    request: Request,
    @Session() session: Session<Shop>,
    @Session('cart') cart: string[] | undefined,
    @Session('whatever') whatever: unknown,
  ): void {
    session.cart = cart ?? [];
    // @ts-expect-error: not an attribute
    session.kart = [];
    // @ts-expect-error: not declared
    request.session.cart = [];
    void [request.session.id, request.sessionID, whatever];
  }
}
