import { plainJsonSerializer } from '../session/session-serializer.js';
import { CookieOptions } from './cookie-options.js';
import { isIntegerFrom, isObject, LARGEST_INTEGER } from './expectations.js';
import type { Environment } from './options-from-env.js';
import { RedisSessionOptions } from './redis-session.options.js';
import { withPreset } from './timeout-presets.js';

type Options = Readonly<Record<string, unknown>>;

/** Sets the defaults that depend on other options or on NODE_ENV. The option classes declare the others. */
export function withDerivedDefaults(explicit: Options, env: Environment): Options {
  const given = withPreset(explicit);
  const { classInstances, serializer = classInstances === 'plain' ? plainJsonSerializer : undefined } = given;
  const { tls, ssl = tls !== undefined, port = ssl === true ? 6380 : 6379 } = given;
  return {
    ...given,
    ssl,
    port,
    maxIdleTimeoutInSeconds: maxIdleDefault(given),
    cookie: cookieDefaults(given['cookie'], env['NODE_ENV'] === 'production'),
    header: headerDefaults(given['header']),
    serializer,
  };
}

// If `idleTimeoutInSeconds` exceeds the default maximum, it becomes the maximum.
function maxIdleDefault({ maxIdleTimeoutInSeconds: given, idleTimeoutInSeconds: idle }: Options): unknown {
  const usual = new RedisSessionOptions().maxIdleTimeoutInSeconds;
  return given === undefined && isIntegerFrom(usual, LARGEST_INTEGER, idle) ? idle : given;
}

function cookieDefaults(given: unknown = {}, production: boolean): unknown {
  if (!isObject(given)) return given;
  const { secure = production ? true : 'auto', domain, path = '/' } = given;
  const { name = new CookieOptions().name } = given;
  if (secure !== true || typeof name !== 'string' || hasPrefix(name)) return { ...given, secure, name };
  const prefix = domain === undefined && path === '/' ? '__Host-' : '__Secure-';
  return { ...given, secure, name: prefix + name };
}

// Keeps a prefix that the application chose, and an empty name, which validation refuses.
function hasPrefix(name: string): boolean {
  return name === '' || name.startsWith('__');
}

function headerDefaults(given: unknown): unknown {
  if (!isObject(given) || typeof given['name'] !== 'string') return given;
  const name = given['name'].toLowerCase();
  const { scheme = name === 'authorization' ? 'Bearer' : undefined } = given;
  return { ...given, name, scheme };
}
