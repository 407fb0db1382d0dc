import { afterEach, describe, expect, it } from '@jest/globals';
import { redisSessionConfig } from '../../lib/options/redis-session.config.js';
import { faultsOf } from './faults-of.js';

describe('redisSessionConfig', () => {
  afterEach(() => {
    delete process.env['REDIS_SESSION_PORT'];
  });

  it('returns the options that the environment sets', () => {
    process.env['REDIS_SESSION_PORT'] = '7000';
    expect(redisSessionConfig()).toEqual({ port: 7000 });
  });

  it('can be passed to forRootAsync with asProvider()', () => {
    const provider = redisSessionConfig.asProvider();
    expect(provider.inject).toEqual([redisSessionConfig.KEY]);
    expect(provider.useFactory({ port: 7000 })).toEqual({ port: 7000 });
  });

  it('passes an invalid value on, so that the start fails and names its variable', () => {
    process.env['REDIS_SESSION_PORT'] = 'abc';
    expect(faultsOf(redisSessionConfig())).toEqual([
      'port (REDIS_SESSION_PORT) is "abc"; expected an integer from 1 to 65535.',
    ]);
  });
});
