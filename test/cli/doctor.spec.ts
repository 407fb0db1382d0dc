import { once } from 'node:events';
import type { AddressInfo, Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { isPrivateAddress } from '../../lib/cli/doctor/private-address.js';
import { clockFinding } from '../../lib/cli/doctor/server-checks.js';
import { checkTransport } from '../../lib/cli/doctor/transport.js';
import type { Finding } from '../../lib/cli/doctor/finding.js';
import { pretending } from '../support/pretending-server.js';
import { freePort } from '../support/free-port.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisSentinel } from '../support/redis-sentinel.js';
import { RedisServer, type RedisServerOptions } from '../support/redis-server.js';
import { neededCommands } from '../../lib/redis/needed-commands.js';
import { allow, commandsIn, rulesFor, user } from '../security/acl-user.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { environmentOf, run, runJson } from './cli-fixture.js';

const everything = () =>
  rulesFor('sessions', '`session.user`', '`destroyAll()`, the command line', '`exclusive` routes');

type Environment = Record<string, string>;

async function diagnosed(env: Environment): Promise<{ code: number; findings: Map<string, Finding> }> {
  const { code, json } = await runJson<Finding[]>(['doctor'], env);
  expect(new Set(json.map(({ name }) => name)).size).toBe(json.length);
  return { code, findings: new Map(json.map((finding) => [finding.name, finding])) };
}

/** The findings of one status. */
function named(findings: Map<string, Finding>, status: Finding['status']): string[] {
  return [...findings.values()].filter((finding) => finding.status === status).map(({ name }) => name);
}

async function withServer<T>(
  options: RedisServerOptions,
  action: (server: RedisServer) => Promise<T>,
): Promise<T> {
  const server = await RedisServer.start(options);
  try {
    return await action(server);
  } finally {
    await server.stop();
  }
}

describe('doctor, on a healthy server', () => {
  it('finds nothing wrong, and says what it has checked', async () => {
    await withServer({}, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect(code).toBe(0);
      expect(named(findings, 'problem')).toEqual([]);
      expect([...findings.keys()]).toEqual([
        'connection',
        'topology',
        'encryption',
        'version',
        'rights for sessions',
        'rights for session.user',
        'rights for destroyAll(), the command line',
        'rights for exclusive routes',
        'memory',
        'persistence',
        'replication',
        'compact hashes',
        'long lists',
        'latency',
        'clock',
      ]);
      expect(findings.get('connection')!.seen).toBe(`connected to 127.0.0.1:${server.port}`);
      expect(findings.get('version')!.seen).toMatch(/^(Redis|Valkey) \d/);
      expect(findings.get('persistence')).toMatchObject({
        status: 'ok',
        seen: expect.stringContaining('a restart of Redis ends all sessions'),
        todo: expect.stringContaining('appendonly'),
      });
      expect(findings.get('compact hashes')!.todo).toContain('hash-max-listpack-value to 512');
      expect(findings.get('latency')!.seen).toMatch(/^an answer takes [\d.]+ ms/);
      expect(findings.get('clock')!.status).toBe('ok');
    });
  });

  it('leaves nothing behind in Redis', async () => {
    await withServer({}, async (server) => {
      await diagnosed(environmentOf(server, 'shop'));
      expect(await server.admin.keys('*')).toEqual([]);
    });
  });

  it('shows people what to do below what it saw', async () => {
    await withServer({ args: ['--maxmemory-policy', 'allkeys-lru'] }, async (server) => {
      const { code, shown } = await run(['doctor'], environmentOf(server, 'shop'));
      expect(code).toBe(0);
      expect(shown).toMatch(/^ok +connection +connected to 127\.0\.0\.1:\d+$/m);
      expect(shown).toMatch(
        /^warning +memory +maxmemory-policy is allkeys-lru.*\n +→ Set maxmemory-policy to noeviction\./m,
      );
    });
  });
});

describe('doctor, if Redis cannot be reached', () => {
  it('says where it looked, without the password, and ends with 2', async () => {
    const url = `redis://shop:hunter2@127.0.0.1:${await freePort()}`;
    const { code, findings } = await diagnosed({ REDIS_URL: url });
    expect(code).toBe(2);
    expect([...findings.keys()]).toEqual(['connection']);
    const { status, seen, todo } = findings.get('connection')!;
    expect(status).toBe('problem');
    expect(seen).toMatch(/^no connection to 127\.0\.0\.1:\d+: .*ECONNREFUSED/);
    expect(todo).toContain('Check that Redis runs there');
    expect(JSON.stringify([...findings])).not.toContain('hunter2');
  });

  it('says why no node of a cluster could be reached', async () => {
    const node = `127.0.0.1:${await freePort()}`;
    const { code, findings } = await diagnosed({ REDIS_SESSION_CLUSTER_NODES: node });
    expect([code, findings.get('connection')!.seen]).toEqual([
      2,
      expect.stringMatching(/^no connection to 127\.0\.0\.1:\d+: no node of the cluster answers: \S/),
    ]);
  });

  it('says that the password is wrong, without showing it', async () => {
    await withServer({ password: 'right' }, async (server) => {
      const env = { ...environmentOf(server, 'shop'), REDIS_SESSION_ACCESS_KEY: 'hunter2' };
      const { code, findings } = await diagnosed(env);
      expect(code).toBe(1);
      expect(findings.get('connection')).toMatchObject({
        status: 'problem',
        seen: expect.stringContaining('WRONGPASS'),
        todo: 'Check accessKey and username.',
      });
      expect(JSON.stringify([...findings])).not.toContain('hunter2');
    });
  });

  it('says that a password is missing', async () => {
    await withServer({ password: 'right' }, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect([code, findings.get('connection')!.todo]).toEqual([
        1,
        'Redis asks for a password: set accessKey.',
      ]);
    });
  });

  it('says that the server has no TLS', async () => {
    await withServer({}, async (server) => {
      const { code, findings } = await diagnosed({
        ...environmentOf(server, 'shop'),
        REDIS_SESSION_SSL: 'true',
      });
      expect([code, findings.get('connection')!.todo]).toEqual([
        2,
        expect.stringContaining('set ssl to false'),
      ]);
    });
  });
});

describe('doctor, without TLS on a server that has it', () => {
  it('says so', async () => {
    await withServer({ tls: true }, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect([code, findings.get('connection')!.todo]).toEqual([
        2,
        expect.stringContaining('set ssl to true'),
      ]);
    });
  });
});

describe('doctor, as an ACL user', () => {
  let server: RedisServer;
  let env: Environment;
  beforeAll(async () => {
    server = await RedisServer.start();
    env = {
      ...environmentOf(server, 'shop'),
      REDIS_SESSION_USERNAME: user.username,
      REDIS_SESSION_ACCESS_KEY: user.accessKey,
    };
  });
  afterAll(() => server.stop());

  it('finds the documented rights sufficient', async () => {
    await allow(server, everything());
    const { code, findings } = await diagnosed(env);
    expect(code).toBe(0);
    expect(
      [...findings.values()].filter(({ name }) => name.startsWith('rights')).map(({ status }) => status),
    ).toEqual(['ok', 'ok', 'ok', 'ok']);
    // CONFIG is forbidden.
    expect(named(findings, 'unknown')).toEqual(['persistence', 'compact hashes', 'long lists']);
  });

  it.each(['hset', 'hgetall', 'pexpire', 'evalsha'])('finds that +%s is missing', async (command) => {
    await allow(server, [...everything(), `-${command}`]);
    const { code, findings } = await diagnosed(env);
    expect(code).toBe(1);
    expect(named(findings, 'problem')).toEqual(['rights for sessions']);
    const { seen, todo } = findings.get('rights for sessions')!;
    expect(seen).toBe(`may not run ${command.toUpperCase()}, or not on the keys of this application`);
    expect(todo).toContain('docs/redis.md');
  });

  it('finds that the keys of another application are allowed', async () => {
    await allow(server, everything());
    const { code, findings } = await diagnosed({ ...env, REDIS_SESSION_APPLICATION_NAME: 'desk' });
    expect(code).toBe(1);
    expect(findings.get('rights for sessions')!.seen).toMatch(/^may not run HGETALL, .*HSET.*EVAL/);
  });

  it('warns of a right that only some applications need', async () => {
    await allow(server, rulesFor('sessions'));
    const { code, findings } = await diagnosed(env);
    expect(code).toBe(0);
    expect(named(findings, 'warning')).toEqual([
      'rights for session.user',
      'rights for destroyAll(), the command line',
      'rights for exclusive routes',
    ]);
  });

  it.each([
    ['by ACL DRYRUN', ['+acl|whoami', '+acl|dryrun'], 'may not run HSET, EVAL'],
    [
      'by trying what changes nothing',
      [],
      'may not run EVAL, or not on the keys of this application; could not check HSET',
    ],
  ])('finds it without EVAL %s', async (_how, more, seen) => {
    await allow(server, [...everything(), '-eval', '-hset', ...more]);
    const { code, findings } = await diagnosed(env);
    expect(code).toBe(1);
    expect(findings.get('rights for sessions')!.seen).toContain(seen);
  });

  it('needs no INFO', async () => {
    await allow(server, [...everything(), '-info']);
    const { findings } = await diagnosed(env);
    expect(named(findings, 'unknown')).toEqual([
      'topology',
      'version',
      'memory',
      'persistence',
      'replication',
      'compact hashes',
      'long lists',
    ]);
    expect(named(findings, 'problem')).toEqual(['rights for sessions']);
  });
});

describe('the rights that doctor asks for', () => {
  it.each([
    ['sessions', 'sessions'],
    ['session.user', '`session.user`'],
    ['maxSessionsPerUser', '`maxSessionsPerUser`'],
    ['destroyAll(), the command line', '`destroyAll()`, the command line'],
    ['exclusive routes', '`exclusive` routes'],
    ['retries, or client', 'retries, or `client`'],
    ['a Cluster', 'a Cluster'],
    ['databaseId', '`databaseId`'],
  ] as const)('are the documented ones: %s', (use, row) => {
    const commands = neededCommands('shop')[use].map(({ command: [name = '', subcommand] }) =>
      (name === 'CLUSTER' || name === 'CLIENT' ? `${name}|${subcommand}` : name).toLowerCase(),
    );
    expect(commands.toSorted()).toEqual(commandsIn(rulesFor(row)).toSorted());
  });
});

describe('doctor, on a server with a dangerous setting', () => {
  it.each(['allkeys-lru', 'allkeys-lfu', 'volatile-ttl'])('warns of maxmemory-policy %s', async (policy) => {
    await withServer({ args: ['--maxmemory-policy', policy] }, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect(code).toBe(0);
      expect(findings.get('memory')).toMatchObject({
        status: 'warning',
        seen: expect.stringContaining(`maxmemory-policy is ${policy}`),
        todo: expect.stringContaining('noeviction'),
      });
    });
  });

  it('finds that the memory is full', async () => {
    await withServer({ args: ['--maxmemory', '100kb'] }, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect([code, findings.get('memory')!.status]).toEqual([1, 'problem']);
      expect(findings.get('memory')!.todo).toContain('Raise maxmemory');
    });
  });

  it('sees that the append-only file is on', async () => {
    await withServer({ args: ['--appendonly', 'yes'] }, async (server) => {
      const { findings } = await diagnosed(environmentOf(server, 'shop'));
      expect(findings.get('persistence')).toMatchObject({ seen: 'the append-only file is on', todo: '' });
    });
  });

  it.each([
    ['no', 'If users have that many sessions, set lazyfree-lazy-expire to yes.'],
    ['yes', ''],
  ])('sees how long lists are freed: lazyfree-lazy-expire %s', async (setting, todo) => {
    await withServer({ args: ['--lazyfree-lazy-expire', setting] }, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect(code).toBe(0);
      expect(findings.get('long lists')).toMatchObject({
        status: 'ok',
        seen: expect.stringContaining(`lazyfree-lazy-expire is ${setting}`),
        todo,
      });
    });
  });

  it('cannot check settings if CONFIG is forbidden, as at managed services, and takes that for no problem', async () => {
    await withServer({ acl: ['managed on >managed ~* &* +@all -config'] }, async (server) => {
      const login = { REDIS_SESSION_USERNAME: 'managed', REDIS_SESSION_ACCESS_KEY: 'managed' };
      const { code, findings } = await diagnosed({ ...environmentOf(server, 'shop'), ...login });
      expect(code).toBe(0);
      expect(findings.get('compact hashes')).toMatchObject({
        status: 'unknown',
        seen: 'could not check hash-max-listpack-value: CONFIG is forbidden',
      });
      expect(findings.get('memory')!.status).toBe('ok');
    });
  });

  it('finds that a command of sessions was taken away', async () => {
    await withServer({ args: ['--rename-command', 'PEXPIRE', 'hidden'] }, async (server) => {
      const { code, findings } = await diagnosed(environmentOf(server, 'shop'));
      expect(code).toBe(1);
      expect(findings.get('rights for sessions')).toMatchObject({
        status: 'problem',
        seen: 'the server does not have PEXPIRE',
      });
    });
  });
});

describe('doctor, on a server that is far away or has another clock', () => {
  it('warns of a long way', async () => {
    await withServer({}, async (server) => {
      const proxy = await TcpProxy.start(server.port);
      proxy.delay(15);
      try {
        const { code, findings } = await diagnosed({ REDIS_SESSION_PORT: String(proxy.port) });
        expect(code).toBe(0);
        expect(findings.get('latency')).toMatchObject({
          status: 'warning',
          seen: expect.stringContaining('every request with a session waits that long'),
        });
      } finally {
        await proxy.stop();
      }
    });
  });

  it.each([
    [-180_000, 'warning', 'the clock of Redis is 3 min behind the clock here'],
    [180_000, 'warning', 'the clock of Redis is 3 min ahead of the clock here'],
    [400, 'ok', 'the clocks agree to a second'],
  ])('compares the clocks: %i ms apart', (skew, status, seen) => {
    const finding = clockFinding({ took: 2, skew });
    expect([finding.status, finding.seen]).toEqual([status, expect.stringContaining(seen)]);
  });

  it('does not blame a clock for an answer that took long', () => {
    expect(clockFinding({ took: 6000, skew: 2500 }).status).toBe('ok');
  });
});

describe('doctor, on a server that is too old', () => {
  it('says which version is needed', async () => {
    await withServer({}, async (server) => {
      const old: Server = await pretending(server.port, '6.2.1');
      try {
        const { port } = old.address() as AddressInfo;
        const { code, findings } = await diagnosed({ REDIS_SESSION_PORT: String(port) });
        expect(code).toBe(1);
        expect(findings.get('version')).toMatchObject({
          status: 'problem',
          seen: expect.stringMatching(/^Redis 6\.2\.1\d* is too old/),
          todo: expect.stringContaining('7.0 or later'),
        });
      } finally {
        old.close();
        await once(old, 'close');
      }
    });
  });
});

describe('doctor, with a client of the wrong kind', () => {
  it('finds a cluster client on a single node', async () => {
    await withServer({}, async (server) => {
      const nodes = { REDIS_SESSION_CLUSTER_NODES: `${server.host}:${server.port}` };
      const { code, findings } = await diagnosed(nodes);
      expect(code).toBe(1);
      expect(findings.get('topology')).toEqual({
        name: 'topology',
        status: 'problem',
        seen: 'the options describe a Redis Cluster, and the server is a single one',
        todo: 'Remove cluster.nodes (REDIS_SESSION_CLUSTER_NODES), and set host and port.',
      });
    });
  });

  it('finds a single client on a cluster, and nothing wrong with a cluster client there', async () => {
    const cluster = await RedisCluster.start({ masters: 3, replicas: 1 });
    try {
      const [node] = cluster.nodes;
      const single = await diagnosed(environmentOf(node!, 'shop'));
      expect(single.code).toBe(1);
      expect(single.findings.get('topology')).toMatchObject({
        status: 'problem',
        todo: expect.stringContaining('REDIS_SESSION_CLUSTER_NODES'),
      });
      const nodes = cluster.startupNodes.map(({ host, port }) => `${host}:${port}`).join(',');
      const { code, findings } = await diagnosed({ REDIS_SESSION_CLUSTER_NODES: nodes });
      expect(named(findings, 'problem')).toEqual([]);
      expect(code).toBe(0);
      expect(findings.get('topology')!.seen).toBe('a Redis Cluster');
      expect(findings.get('rights for a Cluster')!.status).toBe('ok');
      const masters = cluster.nodes.slice(0, 3).map(({ port }) => `127.0.0.1:${port}`);
      for (const master of masters) expect(findings.get('connection')!.seen).toContain(master);
    } finally {
      await cluster.stop();
    }
  }, 40_000);

  it('finds a node of a cluster that is down, and examines the others', async () => {
    const cluster = await RedisCluster.start({ masters: 3, replicas: 0, nodeTimeoutInMilliseconds: 15_000 });
    const away = cluster.nodes[2]!;
    try {
      // The others still take it for alive.
      await away.kill();
      const [one, other] = cluster.nodes.map(({ host, port }) => `${host}:${port}`);
      const { code, findings } = await diagnosed({ REDIS_SESSION_CLUSTER_NODES: `${one},${other}` });
      expect(code).toBe(1);
      expect(named(findings, 'problem')).toEqual(['connection']);
      expect(findings.get('connection')!.seen).toContain(`; not to 127.0.0.1:${away.port},`);
      expect(findings.get('rights for sessions')!.status).toBe('ok');
    } finally {
      await cluster.stop();
    }
  }, 40_000);

  it('finds one node of a cluster with a dangerous setting', async () => {
    const cluster = await RedisCluster.start({ masters: 3, replicas: 0 });
    try {
      await cluster.nodes[1]!.admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
      const nodes = cluster.startupNodes.map(({ host, port }) => `${host}:${port}`).join(',');
      const { findings } = await diagnosed({ REDIS_SESSION_CLUSTER_NODES: nodes });
      expect(findings.get('memory')).toMatchObject({
        status: 'warning',
        seen: expect.stringContaining(`127.0.0.1:${cluster.nodes[1]!.port}: maxmemory-policy is allkeys-lru`),
      });
    } finally {
      await cluster.stop();
    }
  }, 40_000);

  it('finds that the server is a replica, and examines the master that Sentinels name', async () => {
    const group = await RedisSentinel.start({ replicas: 1, sentinels: 1 });
    try {
      const replica = group.servers.find(({ port }) => port !== group.servers[0]!.port)!;
      const { code, findings } = await diagnosed(environmentOf(replica, 'shop'));
      expect([code, findings.get('replication')!.status]).toEqual([1, 'problem']);
      const master = await diagnosed({
        REDIS_SESSION_SENTINEL_NAME: group.name,
        REDIS_SESSION_SENTINEL_SENTINELS: group.addresses
          .map(({ host, port }) => `${host}:${port}`)
          .join(','),
      });
      expect(master.code).toBe(0);
      expect(master.findings.get('replication')).toMatchObject({
        status: 'ok',
        seen: 'a master with 1 connected replicas, min-replicas-to-write is 0',
        todo: expect.stringContaining('min-replicas-to-write to 1'),
      });
    } finally {
      await group.stop();
    }
  }, 40_000);
});

describe('doctor, on the way to Redis', () => {
  it('finds plain text to a public address', () => {
    for (const [host, address] of [
      ['redis.example.com', '203.0.113.9'],
      ['redis.example.com', '2001:db8::9'],
      ['redis.example.com', '::ffff:203.0.113.9'],
      ['203.0.113.9', '203.0.113.9'],
    ] as const)
      expect(checkTransport(false, host, address)).toEqual({
        name: 'encryption',
        status: 'problem',
        seen: `the connection to ${host} is not encrypted, and ${address} is a public address: the password and all sessions can be read on the way`,
        todo: 'Set ssl to true (rediss://), and turn TLS on at the server.',
      });
  });

  it('finds TLS, and private networks, fine', async () => {
    expect(checkTransport(true, 'redis.example.com', '203.0.113.9').status).toBe('ok');
    await withServer({}, async (server) => {
      const { findings } = await diagnosed({ REDIS_URL: `redis://localhost:${server.port}` });
      expect(findings.get('encryption')).toMatchObject({
        status: 'ok',
        seen: expect.stringMatching(/^not encrypted, in a private network \(.*(127\.0\.0\.1|::1)\)$/),
      });
    });
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['10.255.255.255', true],
    ['172.15.255.255', false],
    ['172.16.0.0', true],
    ['172.31.255.255', true],
    ['172.32.0.0', false],
    ['192.168.1.1', true],
    ['192.169.1.1', false],
    ['100.64.0.1', true],
    ['100.128.0.1', false],
    ['169.254.1.1', true],
    ['8.8.8.8', false],
    ['::1', true],
    ['fd12:3456::1', true],
    ['fe80::1%eth0', true],
    ['2606:4700::1111', false],
    ['::ffff:10.0.0.1', true],
    ['::ffff:8.8.8.8', false],
    ['redis.example.com', undefined],
    ['', undefined],
  ])('knows whether an address is private: %s', (address, expected) => {
    expect(isPrivateAddress(address)).toBe(expected);
  });
});
