import type { optionGroups, RedisSessionOptions } from './redis-session.options.js';
import type { RedisNode } from './topology-options.js';

/**
 * The options of `RedisSessionModule.forRoot()`. An omitted option comes from the environment, or else has its default.
 * Groups such as `cookie` are merged field by field.
 * @example { applicationName: 'shop', cookie: { sameSite: 'strict' } }
 */
export type RedisSessionModuleOptions = {
  -readonly [Name in keyof RedisSessionOptions]?: Name extends keyof typeof optionGroups
    ? GivenGroup<NonNullable<RedisSessionOptions[Name]>>
    : RedisSessionOptions[Name];
};

type GivenGroup<Options> = {
  -readonly [Name in keyof Options]?: Options[Name] extends readonly RedisNode[]
    ? readonly GivenNode[]
    : Options[Name];
};

type GivenNode = Pick<RedisNode, 'host'> & Partial<RedisNode>;
