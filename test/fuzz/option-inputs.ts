import { resolveOptions } from '../../lib/options/resolve-options.js';
import { RedisSessionOptions } from '../../lib/options/redis-session.options.js';
import { variables } from '../../lib/options/options-from-env.js';
import { SessionOptionsError } from '../../lib/session/session.errors.js';
import type { Random } from '../soak/random.js';
import type { FuzzInput, Shown } from './fuzz-input.js';
import { processCpu } from './process-cpu.js';
import { anyText } from './random-text.js';
import { anyValue, OfTheValue, tellValue } from './random-values.js';

const SECRET = 'the-secret-of-the-options';
const NAMES = [
  ...Object.keys(new RedisSessionOptions()), 'connectionString', 'accessKey', 'username', 'tls', 'cluster', 'sentinel', 'client', 'header',
  'migrateFrom', 'absoluteTimeoutInSeconds', 'ttl', '__proto__', 'constructor', 'prototype', '',
]; // prettier-ignore
const GROUPS = ['cookie', 'lock', 'header', 'cluster', 'sentinel'];
const IN_GROUPS = [
  'name',
  'path',
  'domain',
  'secure',
  'sameSite',
  'nodes',
  'sentinels',
  'options',
  'maxWaiters',
  'scheme',
  '__proto__',
  'x',
];

/** Options and variables of the environment: they are taken, or refused with the sentence that says what is wrong. */
export class OptionInputs {
  readonly name = 'options';
  readonly cpu = processCpu;

  next(random: Random): FuzzInput {
    const given: Record<string, unknown> = random.chance(0.2) ? { accessKey: SECRET } : {};
    for (let count = random.integer(0, 4); count > 0; count--)
      set(given, random.pick(NAMES), anyValue(random));
    if (random.chance(0.4)) {
      const group: Record<string, unknown> = {};
      for (let count = random.integer(1, 3); count > 0; count--)
        set(group, random.pick(IN_GROUPS), anyValue(random));
      given[random.pick(GROUPS)] = group;
    }
    const env: Record<string, string> = {};
    for (let count = random.integer(0, 3); count > 0; count--)
      env[random.chance(0.9) ? random.pick(Object.keys(variables)) : `REDIS_SESSION_${anyText(random)}`] =
        anyText(random);
    const text = `${tellValue(given)} ${JSON.stringify(env)}`;
    return { text, bytes: text.length, run: () => Promise.resolve(resolved(given, env)) };
  }
}

function resolved(given: object, env: Record<string, string>): Shown {
  try {
    const options = resolveOptions(given, env);
    return { faults: Object.isFrozen(options) ? [] : ['options that can be changed'] };
  } catch (error) {
    if (error instanceof OfTheValue) return { faults: [] };
    if (!(error instanceof SessionOptionsError)) return { faults: [`options refused by ${String(error)}`] };
    return { faults: error.message.includes(SECRET) ? ['a secret in a message'] : [] };
  }
}

// As an own property, `__proto__` too.
function set(object: object, name: string, value: unknown): void {
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true });
}
