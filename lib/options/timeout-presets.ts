const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The longest timeouts of a preset, in seconds. */
interface Timeouts {
  /** `undefined` if the preset leaves it to the application. */
  readonly idleTimeoutInSeconds?: number;
  readonly absoluteTimeoutInSeconds: number;
}

/**
 * Timeouts that standards recommend. NIST: SP 800-63B-4 (2025), sections 2.1.3, 2.2.3 and 2.3.3, inactivity and overall
 * timeout. OWASP: Session Management Cheat Sheet, section "Session Expiration": 2 to 5 minutes for high-value applications
 * and 15 to 30 for low-risk ones; 4 to 8 hours overall.
 */
const presets = {
  'nist-aal1': { absoluteTimeoutInSeconds: 30 * DAY },
  'nist-aal2': { idleTimeoutInSeconds: HOUR, absoluteTimeoutInSeconds: 24 * HOUR },
  'nist-aal3': { idleTimeoutInSeconds: 15 * MINUTE, absoluteTimeoutInSeconds: 12 * HOUR },
  'owasp-high-value': { idleTimeoutInSeconds: 5 * MINUTE, absoluteTimeoutInSeconds: 4 * HOUR },
  'owasp-low-risk': { idleTimeoutInSeconds: 30 * MINUTE, absoluteTimeoutInSeconds: 8 * HOUR },
} as const satisfies Record<string, Timeouts>;

/** The name of a preset of timeouts. */
export type TimeoutPreset = keyof typeof presets;

/** Every name of a preset. */
export const timeoutPresets = Object.keys(presets) as TimeoutPreset[];

type Options = Readonly<Record<string, unknown>>;

/** Sets the timeouts that a preset has and the application did not set. */
export function withPreset(given: Options): Options {
  const preset = presetOf(given['timeouts']);
  if (preset === undefined) return given;
  const { idleTimeoutInSeconds: idle, absoluteTimeoutInSeconds: absolute } = preset;
  const {
    idleTimeoutInSeconds = idle,
    maxIdleTimeoutInSeconds = idle,
    absoluteTimeoutInSeconds = absolute,
  } = given;
  return { ...given, idleTimeoutInSeconds, maxIdleTimeoutInSeconds, absoluteTimeoutInSeconds };
}

/** The timeouts of a preset. @returns `undefined` if there is no preset of this name */
export function presetOf(name: unknown): Timeouts | undefined {
  return timeoutPresets.some((one) => one === name) ? presets[name as TimeoutPreset] : undefined;
}
