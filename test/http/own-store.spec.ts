import { describe, expect, it, jest } from '@jest/globals';
import { getSessionStoreToken, InMemorySessionStore } from 'nestjs-redis-session';
import { platforms, startApp } from './http-app.js';

describe.each(platforms)('the application’s own store, at shutdown on %s', (platform) => {
  it('is closed once if it has a close()', async () => {
    const store = new InMemorySessionStore();
    const closed = jest.spyOn(store, 'close');
    const app = await startApp(platform, { options: { store } });
    expect(closed).not.toHaveBeenCalled();

    await app.close();

    expect(closed.mock.calls).toEqual([[]]);
  });

  it('is closed before app.close() resolves', async () => {
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

  it('is not touched if it has no close()', async () => {
    const store = Object.assign(new InMemorySessionStore(), { close: undefined });
    const app = await startApp(platform, { options: { store } });
    expect(app.app.get(getSessionStoreToken())).toBe(store);

    await expect(app.close()).resolves.toBeUndefined();
  });
});
