import { SessionOptionsError } from '../../lib/session/session.errors.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';

/** The faults with which the start fails; none if the options are valid. As in JavaScript, the options can have any type. */
export function faultsOf(given: object, env: Record<string, string> = {}): readonly string[] {
  try {
    resolveOptions(given, env);
    return [];
  } catch (error) {
    if (error instanceof SessionOptionsError) return error.faults;
    throw error;
  }
}
