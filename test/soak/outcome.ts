import { OF_THE_HANDLER } from './session-error-filter.js';
import type { SoakReply } from './soak-client.js';
import { codeOf, type Action } from './soak-site.js';

/** How a request ended: it did what it was asked for, it did nothing, or nobody knows. */
export type Outcome = 'done' | 'refused' | 'unknown';

// Unavailable, locked, the lock lost, the connection lost: what a fault may do to a request.
export const EXPECTED = new Set<SoakReply['status']>([503, 423, 409, 'refused', 'lost']);

export function outcomeOf(reply: SoakReply, action?: Action): Outcome {
  const { status, head } = reply;
  if (status === 'refused') return 'refused';
  // The handler failed, and its changes with it; or it refused, and they are kept.
  if (codeOf(reply) === OF_THE_HANDLER) return status === 500 ? 'refused' : 'done';
  // Stored before the first byte.
  if (action?.name === 'stream' && head !== undefined && head < 300) return 'done';
  if (action?.name === 'stream' && (head ?? 0) !== 410 && (head ?? 0) !== 409) return 'unknown';
  // Its first half may have been stored before the second was refused.
  if (action?.name === 'save' && status === 409) return 'unknown';
  if (status === 'lost' || status >= 500) return 'unknown';
  return status < 300 ? 'done' : 'refused';
}

// To remove an attribute that is not there is no write.
export function writes({ name }: Action, body: object = {}): boolean {
  return name !== 'destroy' && Object.values(body).some((value) => value !== null);
}

// Platforms differ in what they answer for a stream of a file that is not there.
export function isMissingFile({ name }: Action, { status }: SoakReply): boolean {
  return name === 'stream' && (status === 400 || status === 500);
}
