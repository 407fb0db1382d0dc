import { RedisSessionOptions, type RedisSessionModuleOptions } from '../index.js';

/** What `Test.createTestingModule()` returns, as far as it is needed here. */
interface TestingBuilder<Builder> {
  overrideProvider(token: unknown): { useValue(value: unknown): Builder };
}

/**
 * Keeps the sessions of a testing module in memory, in all its registrations. No connection to Redis is opened. The other
 * options stay as the application or the environment sets them.
 * @param options others to replace, in each registration
 * @returns the builder that it was given
 * @example
 * ```ts
 * const module = await inMemorySessions(Test.createTestingModule({ imports: [AppModule] })).compile();
 * ```
 */
export function inMemorySessions<Builder extends TestingBuilder<Builder>>(
  builder: Builder,
  options: Omit<RedisSessionModuleOptions, 'store'> = {},
): Builder {
  return builder.overrideProvider(RedisSessionOptions).useValue({ ...options, store: 'memory' });
}
