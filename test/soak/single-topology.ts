import { RedisServer } from '../support/redis-server.js';
import type { Fault } from './fault.js';
import { masterFaults, singleServerFaults } from './server-faults.js';

const account = { username: 'shop', accessKey: 'soak' };

/** One server, which keeps what it has acknowledged: every write is in its append-only file. */
export class SingleTopology {
  private constructor(private readonly server: RedisServer) {}

  static async start(): Promise<SingleTopology> {
    const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
    const acl = [`${account.username} on >${account.accessKey} ~* &* +@all`];
    return new SingleTopology(await RedisServer.start({ args, acl }));
  }

  get nodes(): readonly RedisServer[] {
    return [this.server];
  }

  get connection(): object {
    return { port: this.server.port, ...account };
  }

  masterOf(): Promise<RedisServer> {
    return Promise.resolve(this.server);
  }

  masters(): Promise<RedisServer[]> {
    return Promise.resolve([this.server]);
  }

  faults(): Fault[] {
    return [...masterFaults(() => this.masterOf()), ...singleServerFaults(this.server, account)];
  }

  stop(): Promise<void> {
    return this.server.stop();
  }
}
