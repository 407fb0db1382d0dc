import { SessionOptionsError } from '../../lib/session/session.errors.js';
import { resolveOptions } from '../../lib/options/resolve-options.js';

/** The faults that the start ends with; none where the options are right. Given options may be of any shape, as JavaScript's are. */
export function faultsOf(given: object, env: Record<string, string> = {}): readonly string[] {
  try {
    resolveOptions(given, env);
    return [];
  } catch (error) {
    if (error instanceof SessionOptionsError) return error.faults;
    throw error;
  }
}
