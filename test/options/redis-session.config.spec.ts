import { afterEach, describe, expect, it } from '@jest/globals';
import { redisSessionConfig } from '../../lib/options/redis-session.config.js';
import { faultsOf } from './faults-of.js';

describe('redisSessionConfig', () => {
  afterEach(() => {
    delete process.env['REDIS_SESSION_PORT'];
  });

  it('is what the environment sets', () => {
    process.env['REDIS_SESSION_PORT'] = '7000';
    expect(redisSessionConfig()).toEqual({ port: 7000 });
  });

  it('is a provider of options for forRootAsync', () => {
    const provider = redisSessionConfig.asProvider();
    expect(provider.inject).toEqual([redisSessionConfig.KEY]);
    expect(provider.useFactory({ port: 7000 })).toEqual({ port: 7000 });
  });

  it('leaves a value that cannot be read to the start, which names its variable', () => {
    process.env['REDIS_SESSION_PORT'] = 'abc';
    expect(faultsOf(redisSessionConfig())).toEqual([
      'port (REDIS_SESSION_PORT) is "abc"; expected an integer from 1 to 65535.',
    ]);
  });
});
