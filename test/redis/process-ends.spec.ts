import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ChildProgram } from '../support/child-program.js';
import { freePort } from '../support/free-port.js';
import { RedisCluster } from '../support/redis-cluster.js';
import { RedisServer } from '../support/redis-server.js';

let program: ChildProgram;
let server: RedisServer;
beforeAll(async () => {
  program = new ChildProgram();
  server = await RedisServer.start();
});
afterAll(async () => {
  program?.remove();
  await server?.stop();
});

/** An application that stores a session, if it can, and closes. */
const application = (options: object, before = '', after = '') => `
  import 'reflect-metadata';
  import { NestFactory } from '@nestjs/core';
  import { Redis } from 'ioredis';
  import { RedisSessionModule, SessionRepository } from './lib/index.js';
  ${before}
  class AppModule {}
  Reflect.decorate([], AppModule);
  const options = ${JSON.stringify(options)};
  if (typeof client !== 'undefined') options.client = client;
  const module = { module: AppModule, imports: [RedisSessionModule.forRoot(options)] };
  const app = await NestFactory.create(module, { logger: false });
  await app.listen(0, '127.0.0.1');
  const sessions = app.get(SessionRepository);
  await sessions.save(sessions.create()).then(() => console.log('stored'), () => console.log('not stored'));
  await app.close();
  ${after}
  console.log('closed');
`;

/** Gives up soon. For a Redis that cannot be reached: one that can may be slow on a busy machine. */
const impatient = { connectionTimeoutInMilliseconds: 300, operationTimeoutInMilliseconds: 300 };

const ended = (stored: boolean) => ({
  code: 0,
  signal: null,
  stdout: `${stored ? 'stored' : 'not stored'}\nclosed\n`,
  stderr: '',
});

describe('after app.close() the process ends by itself', () => {
  it('with Redis', async () => {
    expect(await program.run(application({ port: server.port }))).toEqual(ended(true));
  });

  it('with a cluster', async () => {
    const cluster = await RedisCluster.startSingle();
    try {
      const options = { cluster: { nodes: cluster.startupNodes } };
      expect(await program.run(application(options))).toEqual(ended(true));
    } finally {
      await cluster.stop();
    }
  });

  it.each<[string, () => Promise<object>]>([
    ['Redis', async () => ({ port: await freePort() })],
    ['a cluster', async () => ({ cluster: { nodes: [{ host: '127.0.0.1', port: await freePort() }] } })],
    [
      'the Sentinels',
      async () => ({ sentinel: { name: 'm', sentinels: [{ host: '127.0.0.1', port: await freePort() }] } }),
    ],
    ['a host', async () => ({ host: 'no-such-host.invalid' })],
  ])('while %s cannot be reached', async (_, options) => {
    expect(await program.run(application({ ...impatient, ...(await options()) }))).toEqual(ended(false));
  });

  it('while Redis is frozen', async () => {
    const frozen = await RedisServer.start();
    try {
      frozen.freeze();
      expect(await program.run(application({ ...impatient, port: frozen.port }))).toEqual(ended(false));
    } finally {
      await frozen.stop();
    }
  });

  it('and the application’s own client is still open', async () => {
    const before = `const client = new Redis(${server.port}, '127.0.0.1');`;
    const after = 'console.log(client.status, await client.ping()); await client.quit();';
    expect(await program.run(application({}, before, after))).toMatchObject({
      code: 0,
      stdout: 'stored\nready PONG\nclosed\n',
    });
  });
});

describe('an application whose Redis goes away for good', () => {
  it('keeps running, without an unhandled rejection or error event', async () => {
    const gone = await RedisServer.start();
    const work = `
      const ending = new Redis({ port: ${gone.port}, retryStrategy: () => null });
      ending.on('error', () => {});
      await ending.call('SHUTDOWN', 'NOSAVE').catch(() => {});
      for (let attempt = 0; attempt < 20; attempt++) {
        sessions.find('A'.repeat(22)).catch(() => {});
        sessions.create().save().catch(() => {});
        sessions.create().save();
        await new Promise((resolve) => setTimeout(resolve, 25));
      }
    `;
    try {
      const source = application({ port: gone.port, retryTimeoutInMilliseconds: 50 }).replace(
        'await app.close();',
        `${work} await app.close();`,
      );
      expect(await program.run(source)).toEqual({
        code: 0,
        signal: null,
        stdout: 'stored\nclosed\n',
        stderr: '',
      });
    } finally {
      await gone.stop();
    }
  });
});

describe('while a cluster moves a slot', () => {
  it('a connection that closes before it has replied to ASKING does not end the process', async () => {
    const cluster = await RedisCluster.startSingle();
    try {
      const options = { cluster: { nodes: cluster.startupNodes } };
      const outcome = await program.run(`
        import 'reflect-metadata';
        import { RedisSessionOptions } from './lib/index.js';
        import { RedisConnection } from './lib/redis/redis-connection.js';
        const silent = { log() {}, warn() {} };
        const connection = new RedisConnection(Object.assign(new RedisSessionOptions(), ${JSON.stringify(options)}), silent);
        await connection.open();
        const [node] = connection.client.nodes('master');
        // As the cluster client does it: nobody handles the promise.
        node.asking();
        node.stream.destroy();
        await new Promise((closed) => node.once('end', closed));
        await new Promise(setImmediate);
        console.log('still there');
        process.exit(0);
      `);
      expect(outcome).toEqual({ code: 0, signal: null, stdout: 'still there\n', stderr: '' });
    } finally {
      await cluster.stop();
    }
  });
});
