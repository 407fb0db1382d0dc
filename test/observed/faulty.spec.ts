import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Logger } from '@nestjs/common';
import type { SessionObserver } from 'nestjs-redis-session';
import { type HttpApp, platforms, startApp } from '../http/http-app.js';
import { ShopController } from '../http/shop.controller.js';
import { RecordingObserver } from './recording.observer.js';

class Faulty implements SessionObserver {
  begin(): void {
    throw new Error('Faulty at the beginning');
  }
}

class FaultyAtTheEnd implements SessionObserver {
  begin(): () => void {
    return () => {
      throw new Error('Faulty at the end');
    };
  }
}

class FaultyLater implements SessionObserver {
  begin(): () => void {
    // An observer in JavaScript, or one whose author ignored the types.
    return async () => {
      throw new Error('Faulty later');
    };
  }
}

class NeverDone implements SessionObserver {
  begin(): () => void {
    return () => new Promise(() => undefined);
  }
}

describe.each(platforms)('an observer that does not behave, on %s', (platform) => {
  let app: HttpApp;
  let other: RecordingObserver;
  const warnings: string[] = [];
  beforeEach(() => {
    warnings.length = 0;
    other = new RecordingObserver();
    jest.spyOn(Logger.prototype, 'warn').mockImplementation((message: unknown) => {
      warnings.push(String(message));
    });
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    await app.close();
  });

  it.each([
    ['throws when an operation begins', new Faulty(), ['Faulty threw']],
    ['throws when an operation ends', new FaultyAtTheEnd(), ['FaultyAtTheEnd threw']],
    ['rejects', new FaultyLater(), ['FaultyLater threw']],
    ['never finishes', new NeverDone(), []],
  ])('does not harm requests or other observers if it %s, and is logged once', async (_how, faulty, said) => {
    app = await startApp(platform, {
      controllers: [ShopController],
      options: { observers: [faulty, other] },
    });
    const browser = app.browser();
    expect((await browser.post('/session', { item: 'tea' })).status).toBe(201);
    expect((await browser.get('/session')).json()).toMatchObject({ attributes: { item: 'tea' } });
    expect((await browser.post('/logout')).status).toBe(201);
    expect(other.heard()).toEqual(['create created', 'load found', 'load found', 'destroy destroyed']);
    expect(warnings.map((warning) => /observer (\w+ threw)/.exec(warning)?.[1])).toEqual(said);
  });
});
