import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type ArgumentsHost,
  Catch,
  Controller,
  type ExceptionFilter,
  Get,
  HttpCode,
  Post,
  Redirect,
  StreamableFile,
  UnauthorizedException,
  UseFilters,
} from '@nestjs/common';
import { Session } from 'nestjs-redis-session';
import type { RedisServer } from '../support/redis-server.js';
import type { TcpProxy } from '../support/tcp-proxy.js';
import { storedAtFirstByte } from './first-byte.js';
import { type HttpApp, platforms } from './http-app.js';
import { startProxiedApp } from './proxied-app.js';

interface Shop {
  item: string;
}

const thisFile = fileURLToPath(import.meta.url);

@Catch(UnauthorizedException)
class LoginPage implements ExceptionFilter {
  catch(_error: unknown, host: ArgumentsHost): void {
    const response = host
      .switchToHttp()
      .getResponse<{ status(code: number): { send(text: string): void } }>();
    response.status(401).send('<h1>Log in</h1>');
  }
}

@Controller()
class Answers {
  @Get('text')
  text(@Session() session: Session<Shop>): string {
    session.item = 'tea';
    return 'plain text';
  }

  @Get('json')
  json(@Session() session: Session<Shop>): object {
    session.item = 'tea';
    return { json: true };
  }

  @Post('empty')
  @HttpCode(204)
  empty(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('redirect')
  @Redirect('/elsewhere')
  redirect(@Session() session: Session<Shop>): void {
    session.item = 'tea';
  }

  @Get('file')
  file(@Session() session: Session<Shop>): StreamableFile {
    session.item = 'tea';
    return new StreamableFile(createReadStream(thisFile), { type: 'text/plain' });
  }

  @Get('generated')
  generated(@Session() session: Session<Shop>): StreamableFile {
    session.item = 'tea';
    return new StreamableFile(Readable.from(['one ', 'two ', 'three']));
  }

  @Get('page-of-a-filter')
  @UseFilters(LoginPage)
  refused(@Session() session: Session<Shop>): never {
    session.item = 'tea';
    throw new UnauthorizedException();
  }

  @Get('exception')
  exception(@Session() session: Session<Shop>): never {
    session.item = 'tea';
    throw new UnauthorizedException('who are you?');
  }
}

describe.each(platforms)(
  'the session is stored before the first byte of the response is sent, on %s',
  (platform) => {
    let server: RedisServer;
    let proxy: TcpProxy;
    let app: HttpApp;
    let stop: () => Promise<void>;

    beforeAll(async () => {
      ({ app, proxy, server, stop } = await startProxiedApp(platform, {
        controllers: [Answers],
      }));
      // A response that does not wait for the store arrives long before the write.
      proxy.delay(60, 'toServer');
    });
    afterAll(() => stop());

    it.each([
      ['a plain value', 'GET', '/text', 'plain text'],
      ['JSON', 'GET', '/json', '{"json":true}'],
      ['an empty body', 'POST', '/empty', ' 204 No Content'],
      ['a redirect', 'GET', '/redirect', ' 302 Found'],
      ['a StreamableFile', 'GET', '/file', 'fileURLToPath(import.meta.url)'],
      ['a StreamableFile of several chunks', 'GET', '/generated', 'three'],
      ["an exception filter's page", 'GET', '/page-of-a-filter', '<h1>Log in</h1>'],
      ['an unhandled exception', 'GET', '/exception', 'who are you?'],
      ['HEAD', 'HEAD', '/text', ' 200 OK'],
    ])('%s', async (_kind, method, path, content) => {
      const { stored, answer } = await storedAtFirstByte(app, server.admin, path, { method });
      expect(stored).toMatchObject({ item: '"tea"' });
      expect(answer).toContain(content);
      expect(answer.match(/^set-cookie:/gim)).toHaveLength(1);
    });
  },
);
