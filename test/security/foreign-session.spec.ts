import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { Platform } from '../integrations/nest-app.js';
import { seen, startTwoKinds, type AnyRequest, type Seen, type TwoKinds } from './two-kinds-app.js';
import { oddTargets } from './odd-targets.js';

const lenient = {
  ignoreDuplicateSlashes: true,
  ignoreTrailingSlash: true,
  useSemicolonDelimiter: true,
  caseSensitive: false,
  maxParamLength: 1000,
};

function strictExpress(): AbstractHttpAdapter {
  const adapter = new ExpressAdapter();
  adapter.enable('case sensitive routing');
  adapter.enable('strict routing');
  return adapter;
}

function isForeign(answer: Seen | undefined): boolean {
  return answer !== undefined && answer.session !== null && answer.session !== answer.handler;
}

const routers: [string, Platform, () => AbstractHttpAdapter][] = [
  ['Express', 'express', () => new ExpressAdapter()],
  ['Express with strict routing', 'express', strictExpress],
  ['Fastify', 'fastify', () => new FastifyAdapter()],
  ['Fastify with a lenient router', 'fastify', () => new FastifyAdapter({ routerOptions: lenient })],
  [
    'Fastify that rewrites targets',
    'fastify',
    () => new FastifyAdapter({ rewriteUrl: ({ url = '/' }) => url.replace(/^\/old/, '/admin') }),
  ],
];

describe.each(routers)(
  'a shopper who sends targets that %s parses differently',
  (_name, platform, adapter) => {
    let app: TwoKinds;
    const seenByMiddleware: Seen[] = [];

    function look(request: AnyRequest, _response: unknown, next: () => void): void {
      seenByMiddleware.push(seen('admin', request));
      next();
    }

    beforeAll(async () => {
      app = await startTwoKinds(platform, {
        adapter: adapter(),
        main: (nest) => void nest.use('/admin', look),
      });
    });
    afterAll(() => app.close());

    it('reaches each handler with the session of its own kind or none', async () => {
      const wrong: unknown[] = [];
      for (const target of oddTargets) {
        seenByMiddleware.length = 0;
        const { seen: answer, setCookies } = await app.ask(target);
        const foreign = [answer, ...seenByMiddleware].filter(isForeign);
        if (foreign.length > 0 || setCookies.length > 0) wrong.push({ target, foreign, setCookies });
      }
      expect(oddTargets.length).toBeGreaterThan(400);
      expect(wrong).toEqual([]);
    });

    it('has a session on ordinary targets', async () => {
      const plain = [
        '/admin/users',
        '/admin/users?a=//b;c',
        '/admin/users/7',
        '/me',
        '/products/caf%C3%A9',
        '/x/users',
      ];
      const answers = await Promise.all(plain.map((target) => app.ask(target)));
      expect(answers.map((one) => one.seen?.session)).toEqual([
        'admin',
        'admin',
        'admin',
        'shop',
        'shop',
        'shop',
      ]);
    });
  },
);
