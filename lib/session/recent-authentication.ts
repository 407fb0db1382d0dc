import { now } from './clock.js';

// The store's clock may be ahead of that of this process.
const MOST_AHEAD_MS = 10_000;

/**
 * Whether the user of a session authenticated in the last `seconds`. A time in the future does not count, unless it is at
 * most 10 seconds ahead.
 */
export function isRecentlyAuthenticated(
  { authenticatedAt }: { readonly authenticatedAt?: Date | undefined },
  seconds: number,
): boolean {
  const age = now() - (authenticatedAt?.getTime() ?? Number.NaN);
  // False also for a time that is none.
  return age >= -MOST_AHEAD_MS && age <= seconds * 1000;
}

/** What clients match on if the authentication is too old. */
export const RECENT_AUTHENTICATION_REQUIRED = 'SESSION_RECENT_AUTHENTICATION_REQUIRED';

/** What clients are told if the authentication is too old. */
export function recentAuthenticationMessage(seconds: number): string {
  return `This needs an authentication in the last ${seconds} seconds. Authenticate again.`;
}
