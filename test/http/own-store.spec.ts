import { describe, expect, it, jest } from '@jest/globals';
import { getSessionStoreToken, InMemorySessionStore } from 'nestjs-redis-session';
import { platforms, startApp } from './http-app.js';

describe.each(platforms)('a store of the application’s own, at shutdown on %s', (platform) => {
  it('is closed once if it has a close()', async () => {
    const store = new InMemorySessionStore();
    const closed = jest.spyOn(store, 'close');
    const app = await startApp(platform, { options: { store } });
    expect(closed).not.toHaveBeenCalled();

    await app.close();

    expect(closed.mock.calls).toEqual([[]]);
  });

  it('is waited for', async () => {
    let closed = false;
    const close = async () => {
      await new Promise(setImmediate);
      closed = true;
    };
    const app = await startApp(platform, {
      options: { store: Object.assign(new InMemorySessionStore(), { close }) },
    });

    await app.close();

    expect(closed).toBe(true);
  });

  it('is left alone if it has none', async () => {
    const store = Object.assign(new InMemorySessionStore(), { close: undefined });
    const app = await startApp(platform, { options: { store } });
    expect(app.app.get(getSessionStoreToken())).toBe(store);

    await expect(app.close()).resolves.toBeUndefined();
  });
});
