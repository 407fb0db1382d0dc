import { AsyncLocalStorage } from 'node:async_hooks';
import type { Server } from 'node:http';
import type { ObservedResult, SessionObserver } from 'nestjs-redis-session';

interface RequestCost {
  commands: number;
  roundTrips: number;
  milliseconds: number;
}

export class RequestCosts implements SessionObserver {
  private readonly running = new AsyncLocalStorage<RequestCost>();

  /** Call it in main.ts: `costs.follow(app.getHttpServer())`. */
  follow(server: Server): void {
    server.prependListener('request', () =>
      this.running.enterWith({ commands: 0, roundTrips: 0, milliseconds: 0 }),
    );
  }

  /** What the request that asks has cost so far. */
  get current(): RequestCost | undefined {
    return this.running.getStore();
  }

  begin() {
    const cost = this.running.getStore();
    return (result: ObservedResult) => {
      if (cost === undefined) return;
      cost.commands += result.commands;
      cost.roundTrips += result.roundTrips;
      cost.milliseconds += result.milliseconds;
    };
  }
}
