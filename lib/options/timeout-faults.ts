import { isIntegerFrom, LARGEST_INTEGER } from './expectations.js';
import { nameWithVariable, shown } from './option-faults.js';
import type { RedisSessionOptions } from './redis-session.options.js';
import { presetOf } from './timeout-presets.js';

/** One fault for each timeout that is longer than the preset allows, or less than it must be. */
export function timeoutFaults(options: RedisSessionOptions): string[] {
  const tooLong = presetFaults(options);
  return tooLong.length > 0 ? tooLong : maximumFaults(options);
}

function presetFaults(options: RedisSessionOptions): string[] {
  const preset = presetOf(options.timeouts);
  if (preset === undefined) return [];
  const { idleTimeoutInSeconds: idle, absoluteTimeoutInSeconds } = preset;
  const longest = { idleTimeoutInSeconds: idle, maxIdleTimeoutInSeconds: idle, absoluteTimeoutInSeconds };
  return (Object.keys(longest) as (keyof typeof longest)[]).flatMap((option) => {
    const most = longest[option];
    if (most === undefined || !isMore(options[option], most)) return [];
    return [
      `${nameWithVariable(option)} is ${shown(options[option])} while ${nameWithVariable('timeouts')} is ${shown(options.timeouts)}, ` +
        `which allows at most ${most}. Lower or remove ${option}, or choose another preset.`,
    ];
  });
}

function maximumFaults({ idleTimeoutInSeconds, maxIdleTimeoutInSeconds }: RedisSessionOptions): string[] {
  if (!Number.isInteger(maxIdleTimeoutInSeconds)) return [];
  if (!isMore(idleTimeoutInSeconds, maxIdleTimeoutInSeconds)) return [];
  return [
    `${nameWithVariable('maxIdleTimeoutInSeconds')} is ${shown(maxIdleTimeoutInSeconds)} while ` +
      `${nameWithVariable('idleTimeoutInSeconds')} is ${shown(idleTimeoutInSeconds)}; ` +
      'it must not be less. Raise maxIdleTimeoutInSeconds, or remove it.',
  ];
}

// A value that is no integer is a fault of its own.
function isMore(value: unknown, most: number): boolean {
  return isIntegerFrom(most + 1, LARGEST_INTEGER, value);
}
