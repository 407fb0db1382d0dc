/**
 * - `ok`: nothing to do.
 * - `warning`: sessions work; something can go wrong.
 * - `problem`: sessions do not work, or are in danger.
 * - `unknown`: could not be checked, often because a managed service forbids it.
 */
export type FindingStatus = 'ok' | 'warning' | 'problem' | 'unknown';

/** What one check found. */
export interface Finding {
  readonly name: string;
  readonly status: FindingStatus;
  /** What was seen. Contains no secret. */
  readonly seen: string;
  /** What to do. '' if there is nothing to do. */
  readonly todo: string;
}

const gravest: readonly FindingStatus[] = ['problem', 'warning', 'unknown', 'ok'];

/** The gravest of what one check found on several servers. */
export function worst(findings: readonly Finding[]): Finding {
  return findings.toSorted((one, other) => gravest.indexOf(one.status) - gravest.indexOf(other.status))[0]!;
}
