import type { optionGroups, RedisSessionOptions } from './redis-session.options.js';
import type { RedisNode } from './topology-options.js';

/**
 * What `RedisSessionModule.forRoot()` takes: any of the options. What is left out comes from the environment, else from
 * the defaults; groups such as `cookie` are completed field by field.
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
