import type { INestApplicationContext } from '@nestjs/common';
import type { SessionData } from '../index.js';
import { SessionRegistration, sessionOf, SessionUsageError } from '../shared.js';

/** How `loginAs` logs in. */
export interface LoginOptions {
  /** The name of the registration. @default the one without a name */
  readonly name?: string;
}

/**
 * Stores a session with these attributes, as a login does: bound to its user, with `authenticatedAt`.
 * @param app the application, or the compiled testing module
 * @returns the headers that present the session: `{ cookie }`, or the header of a registration with the option `header`.
 * Anybody who has them has the session.
 * @throws SessionUsageError if there is no such registration. Errors of `SessionRepository.save`, even with
 * `throwOnError: false`.
 * @example
 * ```ts
 * await request(app.getHttpServer()).get('/cart').set(await loginAs(app, { user: '42' }));
 * await app.inject({ url: '/cart', headers: await loginAs(app, { user: '42' }) });
 * ```
 */
// Without T, the attributes are those of SessionData.
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
export async function loginAs<T extends object = SessionData>(
  app: Pick<INestApplicationContext, 'get'>,
  attributes: Partial<NoInfer<T>>,
  { name }: LoginOptions = {},
): Promise<Record<string, string>> {
  const { operations, resolver } = registrationIn(app, name);
  const core = operations.core();
  const session = sessionOf(core);
  Object.assign(session, attributes);
  session.rotate({ authenticated: true });
  await operations.save(core);
  // With throwOnError: false, save() does not throw.
  if (core.status !== 'stored') throw operations.failures.latest!;
  return resolver.headersOf(core.newCredential!);
}

function registrationIn(app: Pick<INestApplicationContext, 'get'>, name?: string): SessionRegistration {
  const found = allIn(app).find((registration) => registration.name === name);
  if (found !== undefined) return found;
  const which = name === undefined ? 'RedisSessionModule without a name' : `a registration "${name}"`;
  throw new SessionUsageError(
    `loginAs() found no sessions: this application does not import ${which}. Import it, or pass the name of another registration: loginAs(app, attributes, { name }).`,
  );
}

function allIn(app: Pick<INestApplicationContext, 'get'>): SessionRegistration[] {
  try {
    return app.get(SessionRegistration, { strict: false, each: true });
  } catch {
    // Nest throws if there is none.
    return [];
  }
}
