// Counts what one GET with a cookie passes on its way through the package: files, functions and calls.
//   node scripts/request-path.mjs [express|fastify] [directory of a build]
import { Session as Inspector } from 'node:inspector/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import 'reflect-metadata';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { startRedis } from './smoke-support.mjs';

const [platform = 'express', build = 'dist/esm'] = process.argv.slice(2);
const lib = pathToFileURL(`${resolve(build)}/`).href;
const { RedisSessionModule, Session } = await import(`${lib}index.js`);

class Shop {
  put(session) {
    session.item = 'tea';
  }
  show(session) {
    return session.item;
  }
}
const decorate = (decorator, ...place) => decorator(Shop.prototype, ...place);
const describe = (name) => Object.getOwnPropertyDescriptor(Shop.prototype, name);
Controller()(Shop);
decorate(Post('item'), 'put', describe('put'));
decorate(Get('item'), 'show', describe('show'));
decorate(Session(), 'put', 0);
decorate(Session(), 'show', 0);

const redis = await startRedis();
// oxlint-disable-next-line typescript/no-extraneous-class -- a module of NestJS is a class
class App {}
Module({ imports: [RedisSessionModule.forRoot({ port: redis.port })], controllers: [Shop] })(App);
const adapter = platform === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(App, adapter, { logger: false });
await app.listen(0, '127.0.0.1');
const url = `${await app.getUrl()}/item`;
const cookie = (await fetch(url, { method: 'POST' })).headers.getSetCookie()[0].split(';')[0];
const read = async () => (await fetch(url, { headers: { cookie } })).text();
await read();

const inspector = new Inspector();
inspector.connect();
await inspector.post('Profiler.enable');
await inspector.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
await read();
// The expiry is slid after the answer.
await new Promise((done) => setTimeout(done, 50));
const { result } = await inspector.post('Profiler.takePreciseCoverage');
const files = result
  .filter(({ url: file }) => file.startsWith(lib))
  .map(({ url: file, functions }) => ({
    file: file.slice(lib.length),
    functions: functions.map(({ functionName, ranges }) => ({ name: functionName, calls: ranges[0].count })),
  }))
  .map(({ file, functions }) => ({ file, called: functions.filter(({ calls }) => calls > 0) }))
  .filter(({ called }) => called.length > 0);
let calls = 0;
for (const { file, called } of files) {
  for (const { calls: count } of called) calls += count;
  console.log(`${file}: ${called.map(({ name, calls: n }) => (n > 1 ? `${name} x${n}` : name)).join(', ')}`);
}
const functions = files.reduce((sum, { called }) => sum + called.length, 0);
console.log(`${platform}: ${files.length} files, ${functions} functions, ${calls} calls`);
await app.close();
await redis.stop();
process.exit(0);
