/** How a command ended, for scripts. */
export const exitCode = {
  /** It did what it was asked for, and found no problem. */
  fine: 0,
  /** `doctor` found a problem; `show` or `destroy` found no such session. */
  problem: 1,
  /** The command line or an option is wrong, Redis cannot be reached, or it refuses. */
  failed: 2,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
