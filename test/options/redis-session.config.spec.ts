import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from '@jest/globals';
import { ConfigModule, ConfigService, registerAs } from '@nestjs/config';
import { Test } from '@nestjs/testing';
import { RedisSessionModule, RedisSessionOptions } from 'nestjs-redis-session';
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
    process.env['REDIS_SESSION_PORT'] = '7000';
    expect(provider.useFactory()).toEqual({ port: 7000 });
  });

  it('reads what ConfigModule has read from a .env file', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'session-env-'));
    const envFilePath = join(folder, '.env');
    writeFileSync(envFilePath, 'REDIS_SESSION_PORT=7001\nREDIS_SESSION_STORE=memory\n');
    const module = await Test.createTestingModule({
      imports: [
        RedisSessionModule.forRootAsync(redisSessionConfig.asProvider()),
        ConfigModule.forRoot({ envFilePath }),
      ],
    }).compile();
    expect(module.get(RedisSessionOptions)).toMatchObject({ port: 7001, store: 'memory' });
    await module.close();
    rmSync(folder, { recursive: true });
    delete process.env['REDIS_SESSION_STORE'];
  });

  it('is a configuration like those of registerAs()', async () => {
    const real = registerAs('redisSession', () => ({}));
    for (const name of ['KEY', 'PARTIAL_CONFIGURATION_KEY'] as const)
      expect(redisSessionConfig[name]).toBe((real as unknown as Record<string, unknown>)[name]);
    process.env['REDIS_SESSION_PORT'] = '7002';
    const module = await Test.createTestingModule({
      imports: [ConfigModule.forRoot({ load: [redisSessionConfig] })],
    }).compile();
    expect(module.get(ConfigService).get('redisSession.port')).toBe(7002);
    expect(module.get(redisSessionConfig.KEY)).toEqual({ port: 7002 });
    await module.close();
  });

  it('passes an invalid value on, so that the start fails and names its variable', () => {
    process.env['REDIS_SESSION_PORT'] = 'abc';
    expect(faultsOf(redisSessionConfig())).toEqual([
      'port (REDIS_SESSION_PORT) is "abc"; expected an integer from 1 to 65535.',
    ]);
  });
});
