// Compiled by consumer.spec.ts with declarations: every type that TypeScript infers here must have a public name.
import type { ExecutionContext } from '@nestjs/common';
import * as library from 'nestjs-redis-session';
import * as dbsc from 'nestjs-redis-session/dbsc';
import * as websockets from 'nestjs-redis-session/websockets';

interface Shop {
  visits: number;
}

export class Service {
  constructor(
    private readonly sessions: library.SessionRepository,
    private readonly store: library.SessionStore,
    private readonly options: library.RedisSessionOptions,
  ) {}

  find(id: string) {
    return this.sessions.find(id);
  }
  findShop(id: string) {
    return this.sessions.find<Shop>(id);
  }
  findByCredential(credential: string) {
    return this.sessions.findByCredential(credential);
  }
  create() {
    return this.sessions.create();
  }
  ofContext(context: ExecutionContext) {
    return library.sessionFromContext<Shop>(context);
  }
  inside(session: library.Session<Shop>) {
    return { session, save: session.save, next: session.regenerate(), cookie: session.cookie };
  }
  stored(id: string, changes: library.SessionChanges, lock: library.LockRequest) {
    return [this.store.load(id), this.store.loadExclusive(id, lock), this.store.save(id, changes)];
  }
  settings() {
    return { ...this.options };
  }
  groups() {
    const { cookie, header, lock, cluster, sentinel, migrateFrom, serializer } = this.options;
    return { cookie, header, lock, cluster, sentinel, migrateFrom, serializer };
  }
  nodes() {
    return [this.options.cluster?.nodes, this.options.sentinel?.sentinels];
  }
}

export const everything = { ...library };
export const everythingOfWebSockets = { ...websockets };
export const everythingOfDbsc = { ...dbsc, binder: dbsc.dbsc() };
export const { forRoot, forRootAsync } = library.RedisSessionModule;
export const settings = library.redisSessionConfig();
export const provider = library.redisSessionConfig.asProvider();
export const migration = library.expressSession({ secret: 'a secret' });
export const { code, faults } = new library.SessionOptionsError([]);
