import { SessionOptionsError } from '../session/session.errors.js';
import { parseConnectionString } from './connection-string.js';
import { optionContradictions, replacedBy, valueContradictions } from './contradictions.js';
import { withDerivedDefaults } from './derived-defaults.js';
import { isObject } from './expectations.js';
import { hideSecrets } from './hidden-secrets.js';
import { inheritedNameFaults, isInherited } from './inherited-names.js';
import { nameWithVariable, optionFaults } from './option-faults.js';
import { optionsFromEnv, unknownVariables, type Environment } from './options-from-env.js';
import type { RedisSessionModuleOptions } from './redis-session-module-options.js';
import { optionGroups, RedisSessionOptions } from './redis-session.options.js';
import { RedisNode, SentinelNode } from './topology-options.js';

type Options = Readonly<Record<string, unknown>>;

/**
 * Resolves each option: the given value, or else the environment, or else the default.
 * @returns the options that the module uses. They are frozen, except for the application's own objects (client, store,
 * serializer, tls, options of ioredis). Inspecting or serializing them shows no secret.
 * @throws SessionOptionsError that lists every fault
 * @example resolveOptions({ applicationName: 'shop' }).cookie.name // '__Host-sid' in production
 */
export function resolveOptions(
  given: RedisSessionModuleOptions = {},
  env: Environment = process.env,
): RedisSessionOptions {
  const merged = merge(withoutReplaced(optionsFromEnv(env), given), given);
  const redisUrl = redisUrlOf(merged, env);
  const faults = [...unknownVariables(env), ...inheritedNameFaults(given), ...optionContradictions(merged)];
  const target = redisUrl
    ? { ...merged, ...fromRedisUrl(redisUrl, merged['credentials'], faults) }
    : withoutConnectionString(merged, faults);
  const options = instantiate(withDerivedDefaults(target, env));
  faults.push(...optionFaults(options), ...valueContradictions(options));
  if (faults.length > 0) throw new SessionOptionsError(faults);
  return frozen(options);
}

// An argument that says where Redis is wins over every variable that says so.
function withoutReplaced(fromEnv: Options, given: Options): Options {
  const replaced = Object.entries(replacedBy).flatMap(([option, others]) =>
    given[option] === undefined ? [] : [...others],
  );
  return Object.fromEntries(
    Object.entries(fromEnv).filter(([option]) => !replaced.some((one) => one === option)),
  );
}

// The variable that hosting services set; options that say anything of where Redis is come first.
function redisUrlOf(merged: Options, { REDIS_URL }: Environment): string | undefined {
  const targets = ['client', 'connectionString', ...replacedBy.connectionString];
  const isElsewhere = targets.some((option) => merged[option] !== undefined);
  return isElsewhere || (merged['store'] ?? 'redis') !== 'redis' ? undefined : REDIS_URL;
}

function merge(fromEnv: Options, given: Options): Options {
  const merged = { ...fromEnv, ...definedIn(given) };
  for (const group of Object.keys(optionGroups)) {
    const [first, second] = [fromEnv[group], given[group]];
    if (isObject(first) && isObject(second)) merged[group] = { ...first, ...definedIn(second) };
  }
  return merged;
}

function fromRedisUrl(connectionString: string, credentials: unknown, faults: string[]): Options {
  const found: string[] = [];
  const target = withoutConnectionString({ connectionString, credentials }, found);
  faults.push(...found.map((fault) => fault.replace(nameWithVariable('connectionString'), 'REDIS_URL')));
  return target;
}

function withoutConnectionString(given: Options, faults: string[]): Options {
  const { connectionString, ...others } = given;
  if (typeof connectionString !== 'string' || connectionString === '') return given;
  try {
    const target = parseConnectionString(connectionString);
    if (others['credentials'] !== undefined && target.accessKey !== undefined)
      faults.push(
        `${nameWithVariable('connectionString')} has a password while credentials is set, which replaces it. Remove one of them.`,
      );
    return { ...others, ...target };
  } catch (error) {
    if (!(error instanceof SessionOptionsError)) throw error;
    faults.push(...error.faults);
    return others;
  }
}

// Keeps values that are not objects, for validation to report.
function instantiate(given: Options): RedisSessionOptions {
  const groups: Record<string, unknown> = {};
  for (const [group, type] of Object.entries(optionGroups)) {
    const options = given[group];
    if (isObject(options)) groups[group] = Object.assign(new type(), definedIn(withNodes(options)));
    else if (Array.isArray(options)) groups[group] = emptied(options);
  }
  return Object.assign(new RedisSessionOptions(), definedIn(given), groups);
}

function withNodes({ nodes, sentinels, ...others }: Options): Options {
  return { ...others, nodes: instances(RedisNode, nodes), sentinels: instances(SentinelNode, sentinels) };
}

function instances(type: typeof RedisNode, nodes: unknown): unknown {
  if (!Array.isArray(nodes)) return nodes;
  return nodes.map((node) => (isObject(node) ? Object.assign(new type(), definedIn(node)) : emptied(node)));
}

// An array in place of an object is a fault. Empty, because class-validator would validate its elements.
function emptied(value: unknown): unknown {
  return Array.isArray(value) ? [] : value;
}

function frozen(options: RedisSessionOptions): RedisSessionOptions {
  hideSecrets(options);
  const { cookie, header, lock, cluster, sentinel, encryption } = options;
  const nodes = [cluster?.nodes, sentinel?.sentinels];
  for (const own of [cookie, header, lock, cluster, sentinel, encryption, ...nodes, ...nodes.flat()])
    Object.freeze(own);
  return Object.freeze(options);
}

function definedIn(options: Options): Record<string, unknown> {
  const entries = Object.entries(options);
  return Object.fromEntries(entries.filter(([name, value]) => value !== undefined && !isInherited(name)));
}
