import { cookieOf } from './session-cookie.js';
import type { SessionCore } from './session-core.js';
import type { Session, SessionCallback } from './session.js';
import { SessionDataError, SessionUsageError } from './session.errors.js';

// Leads from a session object to its core. The symbol never leaves the package.
const CORE: unique symbol = Symbol('nestjs-redis-session core');

type Verb = (core: SessionCore, callback?: SessionCallback) => unknown;

const verbs: Readonly<Record<string, Verb | undefined>> = Object.assign(Object.create(null), {
  save: (core, callback) => answer(core.actions.save(core), callback),
  reload: (core, callback) => answer(core.actions.reload(core), callback),
  touch: (core, callback) => answer(core.actions.touch(core), callback),
  regenerate: (core, callback) => {
    assertNoAttributesToKeep(callback);
    return answer(core.actions.regenerate(core).then(sessionOf), callback);
  },
  destroy: (core, callback) => answer(core.actions.destroy(core), callback),
  rotate: (core, options) => {
    const authenticated = isAuthenticated(options);
    core.assertWritable('rotate the session');
    core.assertCanSend('rotate the session');
    core.identity.requestRotation(authenticated);
  },
} satisfies Record<string, Verb>);

const properties: Readonly<Record<string, ((core: SessionCore) => unknown) | undefined>> = Object.assign(
  Object.create(null),
  {
    id: (core) => core.id,
    cookie: (core) => cookieOf(core),
    isNew: (core) => core.status === 'new' || core.status === 'detached',
    createdAt: (core) => new Date(core.createdAt),
    authenticatedAt: ({ authenticatedAt }) =>
      authenticatedAt === undefined ? undefined : new Date(authenticatedAt),
    expiresAt: (core) => new Date(core.lifetime.endsAt),
    idleTimeoutInSeconds: (core) => core.idleTimeoutInSeconds,
    lastException: (core) => core.lastException,
    deviceBound: (core) => core.deviceBound,
  } satisfies Record<string, (core: SessionCore) => unknown>,
);

// Code written for express-session looks for the verbs on Object.getPrototypeOf(session).
const sessionPrototype = {};
for (const [name, verb] of Object.entries(verbs)) {
  Object.defineProperty(sessionPrototype, name, {
    value(this: object, callback?: SessionCallback) {
      return verb!(coreOf(this), callback);
    },
  });
}
// Code that replaced a verb (a regenerate() that does nothing) would remove its protection from every session.
Object.freeze(sessionPrototype);

const inherited = new Set([...Object.getOwnPropertyNames(Object.prototype), 'prototype']);

// Names that no attribute can have.
const reserved = new Set([...Object.keys(verbs), ...Object.keys(properties), ...inherited]);

const handler: ProxyHandler<SessionCore> = {
  get(core, name, receiver) {
    if (typeof name === 'symbol') return name === CORE ? core : undefined;
    const verb = verbs[name];
    if (verb !== undefined) return (callback?: SessionCallback) => verb(core, callback);
    const property = properties[name];
    if (property !== undefined) return property(core);
    if (reserved.has(name)) return Reflect.get(Object.prototype, name, receiver) as unknown;
    const value = core.attributes.get(name);
    if (value !== undefined || core.prototype === undefined) return value;
    return Object.hasOwn(core.prototype, name) ? Reflect.get(core.prototype, name, receiver) : undefined;
  },
  set(core, name, value) {
    if (name === 'idleTimeoutInSeconds') core.idleTimeoutInSeconds = value as number;
    else core.setAttribute(attributeName(name), value);
    return true;
  },
  deleteProperty(core, name) {
    // As with every object: sanitizers such as Nest's ValidationPipe delete `__proto__` from whatever they get.
    if (typeof name === 'string' && inherited.has(name)) return true;
    core.setAttribute(attributeName(name), undefined);
    return true;
  },
  defineProperty(core, name, descriptor) {
    if (!('value' in descriptor)) {
      throw new SessionDataError(
        `session.${String(name)} cannot be an accessor; assign its value.`,
        String(name),
      );
    }
    core.setAttribute(attributeName(name), descriptor.value);
    return true;
  },
  has: (core, name) => typeof name === 'string' && !reserved.has(name) && core.attributes.has(name),
  ownKeys: (core) => core.attributes.names().filter((name) => !reserved.has(name)),
  getOwnPropertyDescriptor(core, name) {
    if (typeof name === 'symbol' || reserved.has(name)) return undefined;
    const value = core.attributes.get(name);
    return value === undefined ? undefined : { value, writable: true, enumerable: true, configurable: true };
  },
  // Each session object has its own: what an application adds to it stays with this request.
  getPrototypeOf: (core) => (core.prototype ??= Object.create(sessionPrototype) as object),
  setPrototypeOf: () => false,
  preventExtensions: () => false,
};

/** The object that applications see. Each core has one. */
export function sessionOf(core: SessionCore): Session {
  return (core.session ??= new Proxy(core, handler) as unknown as Session);
}

/** The core of a session object. @throws TypeError for anything that is not one */
export function coreOf(session: object): SessionCore {
  const core = coreIn(session);
  if (core === undefined) throw new TypeError('This is not a session of this package.');
  return core;
}

/** The core of a session object; `undefined` if it is not one. */
export function coreIn(value: unknown): SessionCore | undefined {
  return (value as { [CORE]?: SessionCore } | null | undefined)?.[CORE];
}

/** Whether an attribute may have this name. */
export function canNameAttribute(name: string): boolean {
  return !reserved.has(name) && !name.startsWith(':');
}

function attributeName(name: string | symbol): string {
  if (typeof name === 'symbol') {
    throw new SessionDataError(
      `${String(name)} cannot name a session attribute: names are strings.`,
      String(name),
    );
  }
  if (reserved.has(name)) {
    throw new SessionDataError(
      `"${name}" cannot name a session attribute: it is a method or property of every session. Choose another name.`,
      name,
    );
  }
  return name;
}

// @fastify/session takes the names of attributes to keep, and a callback as second argument.
function assertNoAttributesToKeep(callback: unknown): void {
  if (callback === undefined || callback === null || typeof callback === 'function') return;
  throw new SessionUsageError(
    `session.regenerate() takes a callback or nothing, not ${Array.isArray(callback) ? 'a list of attributes to keep' : `a value of type ${typeof callback}`}; nothing was changed. Use session.rotate() to keep all attributes, or assign the attributes to keep to the new session.`,
  );
}

// A mistake here must neither count as an authentication nor go unnoticed.
function isAuthenticated(options: unknown): boolean {
  if (options === undefined) return false;
  const { authenticated, ...others } = Object(options) as Record<string, unknown>;
  const isKnown = typeof options === 'object' && options !== null && Object.keys(others).length === 0;
  if (isKnown && (authenticated === undefined || typeof authenticated === 'boolean'))
    return authenticated === true;
  throw new SessionUsageError(
    'session.rotate() takes nothing or { authenticated: true }; nothing was changed. Pass true only if the user has just proved who they are.',
  );
}

// Code written for express-session passes a callback and drops the promise, so only the callback gets the error.
function answer<T>(operation: Promise<T>, callback: SessionCallback | undefined): Promise<T | void> {
  if (typeof callback !== 'function') {
    // No unhandled rejection: the end of the request waits for this operation and handles its error.
    operation.catch(() => undefined);
    return operation;
  }
  return operation.then(() => callback(), callback);
}
