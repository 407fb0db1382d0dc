import { isObject } from './expectations.js';
import { nearestOption } from './option-names.js';
import type { RedisSessionModuleOptions } from './redis-session-module-options.js';

/** Environment variables, in the form of `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Parses a variable. Returns the text unchanged if it cannot be parsed; validation then reports it. */
type Parser = (text: string) => unknown;

const text: Parser = (value) => value;
const number: Parser = (value) => (/^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value);
const flag: Parser = (value) => (/^(true|false)$/i.test(value) ? value.toLowerCase() === 'true' : value);
const list: Parser = (value) => value.split(',').map((item) => item.trim());
const nodes: Parser = (value) => {
  const addresses = value
    .split(',')
    .map((address) => /^\s*(\[[^\]]+\]|[^\s:]+)(?::(\d+))?\s*$/.exec(address));
  if (addresses.includes(null)) return value;
  return addresses.map((address) => ({
    host: address![1]!.replace(/^\[|\]$/g, ''),
    port: address![2] === undefined ? undefined : Number(address![2]),
  }));
};

/** Each environment variable with its option and its parser. */
export const variables: Readonly<Record<string, readonly [option: string, parse: Parser]>> = {
  REDIS_SESSION_HOST: ['host', text],
  REDIS_SESSION_PORT: ['port', number],
  REDIS_SESSION_CONNECTION_STRING: ['connectionString', text],
  REDIS_SESSION_USERNAME: ['username', text],
  REDIS_SESSION_ACCESS_KEY: ['accessKey', text],
  REDIS_SESSION_SSL: ['ssl', flag],
  REDIS_SESSION_DATABASE_ID: ['databaseId', number],
  REDIS_SESSION_CLUSTER_NODES: ['cluster.nodes', nodes],
  REDIS_SESSION_SENTINEL_NAME: ['sentinel.name', text],
  REDIS_SESSION_SENTINEL_SENTINELS: ['sentinel.sentinels', nodes],
  REDIS_SESSION_SENTINEL_USERNAME: ['sentinel.username', text],
  REDIS_SESSION_SENTINEL_PASSWORD: ['sentinel.password', text],
  REDIS_SESSION_STORE: ['store', text],
  REDIS_SESSION_APPLICATION_NAME: ['applicationName', text],
  REDIS_SESSION_THROW_ON_ERROR: ['throwOnError', flag],
  REDIS_SESSION_RETRY_TIMEOUT_IN_MILLISECONDS: ['retryTimeoutInMilliseconds', number],
  REDIS_SESSION_FAIL_FAST: ['failFast', flag],
  REDIS_SESSION_CONNECTION_TIMEOUT_IN_MILLISECONDS: ['connectionTimeoutInMilliseconds', number],
  REDIS_SESSION_OPERATION_TIMEOUT_IN_MILLISECONDS: ['operationTimeoutInMilliseconds', number],
  REDIS_SESSION_TIMEOUTS: ['timeouts', text],
  REDIS_SESSION_IDLE_TIMEOUT_IN_SECONDS: ['idleTimeoutInSeconds', number],
  REDIS_SESSION_MAX_IDLE_TIMEOUT_IN_SECONDS: ['maxIdleTimeoutInSeconds', number],
  REDIS_SESSION_ABSOLUTE_TIMEOUT_IN_SECONDS: ['absoluteTimeoutInSeconds', number],
  REDIS_SESSION_ROTATION_GRACE_IN_SECONDS: ['rotationGraceInSeconds', number],
  REDIS_SESSION_LOG_OPERATIONS: ['logOperations', flag],
  REDIS_SESSION_SHUTDOWN_TIMEOUT_IN_MILLISECONDS: ['shutdownTimeoutInMilliseconds', number],
  REDIS_SESSION_COOKIE_NAME: ['cookie.name', text],
  REDIS_SESSION_COOKIE_PATH: ['cookie.path', text],
  REDIS_SESSION_COOKIE_DOMAIN: ['cookie.domain', text],
  REDIS_SESSION_COOKIE_SECURE: ['cookie.secure', flag],
  REDIS_SESSION_COOKIE_HTTP_ONLY: ['cookie.httpOnly', flag],
  REDIS_SESSION_COOKIE_SAME_SITE: ['cookie.sameSite', text],
  REDIS_SESSION_COOKIE_PARTITIONED: ['cookie.partitioned', flag],
  REDIS_SESSION_COOKIE_PRIORITY: ['cookie.priority', text],
  REDIS_SESSION_COOKIE_PERSISTENT: ['cookie.persistent', flag],
  REDIS_SESSION_HEADER_NAME: ['header.name', text],
  REDIS_SESSION_HEADER_SCHEME: ['header.scheme', text],
  REDIS_SESSION_HYDRATE: ['hydrate', text],
  REDIS_SESSION_SESSION_STATE: ['sessionState', text],
  REDIS_SESSION_SESSION_CACHE_CONTROL: ['sessionCacheControl', text],
  REDIS_SESSION_EXPIRES_HEADER: ['expiresHeader', text],
  REDIS_SESSION_TRUSTED_ORIGINS: ['trustedOrigins', list],
  REDIS_SESSION_LOCK_LEASE_IN_MILLISECONDS: ['lock.leaseInMilliseconds', number],
  REDIS_SESSION_LOCK_MAX_HOLD_IN_MILLISECONDS: ['lock.maxHoldInMilliseconds', number],
  REDIS_SESSION_LOCK_WAIT_TIMEOUT_IN_MILLISECONDS: ['lock.waitTimeoutInMilliseconds', number],
  REDIS_SESSION_LOCK_MAX_WAITERS: ['lock.maxWaiters', number],
  REDIS_SESSION_ENCRYPTION_KEYS: ['encryption.keys', list],
  REDIS_SESSION_ENCRYPTION_ACCEPT_PLAIN_TEXT: ['encryption.acceptPlainText', flag],
  REDIS_SESSION_LISTED_ATTRIBUTES: ['listedAttributes', list],
  REDIS_SESSION_MAX_SESSIONS_PER_USER: ['maxSessionsPerUser', number],
  REDIS_SESSION_ON_SESSION_LIMIT: ['onSessionLimit', text],
  REDIS_SESSION_CLASS_INSTANCES: ['classInstances', text],
  REDIS_SESSION_MAX_SESSION_BYTES: ['maxSessionBytes', number],
  REDIS_SESSION_MAX_DEPTH: ['maxDepth', number],
  REDIS_SESSION_UNREADABLE_ATTRIBUTE: ['unreadableAttribute', text],
};

const variableOfOption = new Map(Object.entries(variables).map(([variable, [option]]) => [option, variable]));

/** The environment variable of an option. @returns `undefined` if it has none */
export function variableOf(option: string): string | undefined {
  return variableOfOption.get(option);
}

/**
 * Reads the options from the environment. Ignores empty variables, because compose files often set them. Does not
 * validate: a value that cannot be parsed stays a string, which validation refuses later.
 */
export function optionsFromEnv(env: Environment = process.env): RedisSessionModuleOptions {
  const options: Record<string, unknown> = {};
  for (const [variable, [option, parse]] of Object.entries(variables)) {
    const value = env[variable];
    if (value === undefined || value === '') continue;
    const [first = '', second] = option.split('.');
    if (second === undefined) options[first] = parse(value);
    else options[first] = { ...asObject(options[first]), [second]: parse(value) };
  }
  return options;
}

/** One fault for each unknown variable that starts with `REDIS_SESSION_`: it is probably a typo. */
export function unknownVariables(env: Environment): string[] {
  return Object.keys(env)
    .filter((variable) => variable.startsWith('REDIS_SESSION_') && !(variable in variables))
    .filter((variable) => !isServiceLink(variable, env[variable]))
    .map((variable) => {
      const option = nearestOption(variable.slice('REDIS_SESSION_'.length), [...variableOfOption.keys()]);
      const hint =
        option === undefined ? 'no option has this name.' : `did you mean "${variableOf(option)}"?`;
      return `unknown environment variable "${variable}"; ${hint}`;
    });
}

function asObject(value: unknown): object {
  return isObject(value) ? value : {};
}

// Kubernetes sets variables for each Service. Those of a Service named redis-session-… start with our prefix.
function isServiceLink(variable: string, value = ''): boolean {
  return (
    /_(SERVICE_HOST|SERVICE_PORT(_.+)?|PORT_\d+_(TCP|UDP|SCTP)(_.+)?)$/.test(variable) ||
    (variable.endsWith('_PORT') && /^(tcp|udp|sctp):\/\//.test(value))
  );
}
