import { randomBytes } from 'node:crypto';
import { isIntegerFrom, isObject } from '../options/expectations.js';
import { keysOf } from '../options/encryption-options.js';
import type { ForgedCredentialReport } from '../session/forged-credentials.js';
import { SessionOptionsError } from '../shared.js';

/** Options of `dbsc()`. */
export interface DbscOptions {
  /**
   * `'observe'`: every request is served as without this option, `session.deviceBound` says what it has proved, and
   * `onStolen` is called. `'enforce'`: a request with the cookie of a bound session and without its proof has no session.
   * @default 'observe'
   */
  mode?: 'observe' | 'enforce';
  /**
   * How long a proof is good for: after this time the browser must prove again that it has the key. A stolen cookie is
   * useful for at most this long and half a minute. Seconds, 10 to 86400.
   * @default 600
   */
  refreshEverySeconds?: number;
  /**
   * With `mode: 'enforce'`: `false` refuses sessions of users that are not bound two minutes after the login. Browsers that
   * do not know the protocol cannot stay logged in then. A session without a user is never refused.
   * @default true
   */
  allowUnbound?: boolean;
  /**
   * What signs bound cookies and challenges: 32 random bytes each, in base64 (`openssl rand -base64 32`) or as a Buffer. The
   * first one signs, and the others still verify. All servers need the same keys: add a new one at the end first, then move
   * it to the front.
   * @default random keys, which no other process knows; required if NODE_ENV is "production"
   * @example [process.env.DEVICE_KEY!, process.env.OLD_DEVICE_KEY!]
   */
  keys?: readonly (string | Uint8Array)[];
  /**
   * Where browsers post their proofs, as the server sees the paths. They must lie below the cookie's path.
   * @default '/device-session/registration' and '/device-session/refresh' below the cookie's path; with the name of the
   * registration before the last part
   */
  paths?: { registration?: string; refresh?: string };
  /**
   * The hosts whose pages may lead to a refresh, besides your own origin: a host, `'*.shop.example'`, or `'*'`. A visitor
   * who follows a link on another site after the proof has expired arrives without it unless the site is listed. A listed
   * site can measure whether a visitor is logged in here.
   * @default ['*'], unless the cookie's sameSite is 'none': then none. With 'lax' and 'strict' only a visible navigation
   * carries the cookie.
   */
  allowedRefreshInitiators?: readonly string[];
  /**
   * The hosts that a proof may name as its audience.
   * @default the Host header of the request
   * @example ['shop.example']
   */
  hosts?: readonly string[];
  /**
   * Called if a request presents the cookie of a bound session without a valid proof, or with a forged one: the cookie may
   * be stolen. At most once a minute in each process, with the id of the session and the number of requests since the last
   * call. What it throws is ignored.
   * @default none
   * @example ({ id, count }) => logger.warn(`${count} requests without proof, the last for session ${id}`)
   */
  onStolen?: (report: StolenSessionReport) => void;
}

/** Says that the cookies of bound sessions came without the proof of their device. */
export type StolenSessionReport = ForgedCredentialReport;

/** The options with their defaults. `paths` and `allowedRefreshInitiators` depend on the cookie. */
export type ResolvedDbscOptions = Readonly<Required<Pick<DbscOptions, 'mode' | 'allowUnbound'>>> &
  Readonly<Pick<DbscOptions, 'paths' | 'allowedRefreshInitiators' | 'hosts' | 'onStolen'>> & {
    readonly refreshEverySeconds: number;
    readonly keys: readonly Uint8Array[];
  };

const PATH = /^\/[\w!$&'()*+,\-./:=@~]*$/;
const NAMES = Object.keys({
  mode: 0,
  refreshEverySeconds: 0,
  allowUnbound: 0,
  keys: 0,
  paths: 0,
  allowedRefreshInitiators: 0,
  hosts: 0,
  onStolen: 0,
} satisfies Record<keyof DbscOptions, 0>);

/** Returns the options with their defaults. @throws SessionOptionsError that lists every fault */
export function resolveDbscOptions(
  given: DbscOptions,
  production = process.env['NODE_ENV'] === 'production',
): ResolvedDbscOptions {
  const { mode = 'observe', refreshEverySeconds = 600, allowUnbound = true } = given;
  const faults = [...faultsOf({ ...given, mode, refreshEverySeconds, allowUnbound })];
  if (given.keys === undefined && production)
    faults.push(
      'keys is not set, and NODE_ENV is "production". All servers need the same keys: make one with "openssl rand -base64 32", and pass it from the environment.',
    );
  if (faults.length > 0) throw new SessionOptionsError(faults.map((fault) => `dbsc(): ${fault}`));
  const keys = keysOf(given.keys) ?? [randomBytes(32)];
  return { ...given, mode, refreshEverySeconds, allowUnbound, keys };
}

function* faultsOf(options: DbscOptions): Generator<string> {
  const unknown = Object.keys(options).filter((name) => !NAMES.includes(name));
  if (unknown.length > 0)
    yield `there is no option ${unknown.join(', ')}. The options are ${NAMES.join(', ')}.`;
  const { mode, refreshEverySeconds, allowUnbound, keys, paths, onStolen } = options;
  if (mode !== 'observe' && mode !== 'enforce')
    yield `mode is ${JSON.stringify(mode)}. Use "observe" or "enforce".`;
  if (!isIntegerFrom(10, 86_400, refreshEverySeconds))
    yield `refreshEverySeconds is ${String(refreshEverySeconds)}. Use an integer from 10 to 86400.`;
  if (typeof allowUnbound !== 'boolean') yield 'allowUnbound is not true or false.';
  if (keys !== undefined && keysOf(keys) === undefined)
    yield 'keys is not a list of at least one key of 32 random bytes, in base64 or as a Buffer. Make one with "openssl rand -base64 32".';
  if (onStolen !== undefined && typeof onStolen !== 'function') yield 'onStolen is not a function.';
  if (paths !== undefined && !isObject(paths)) yield 'paths is not an object.';
  for (const [name, path] of Object.entries(isObject(paths) ? paths : {}))
    if (path !== undefined && !(typeof path === 'string' && PATH.test(path)))
      yield `paths.${name} is ${JSON.stringify(path)}. Use a path that begins with a slash, without a query.`;
  for (const name of ['allowedRefreshInitiators', 'hosts'] as const)
    if (!isTexts(options[name])) yield `${name} is not a list of host names.`;
}

function isTexts(value: unknown): boolean {
  if (value === undefined) return true;
  return (
    Array.isArray(value) && value.every((text) => typeof text === 'string' && /^[\w*.:[\]-]+$/.test(text))
  );
}
