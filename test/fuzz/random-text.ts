import type { Random } from '../soak/random.js';

const ODD = [
  '', ' ', '  ', '\t', '"', "'", '\\', '%', '%00', '%2f', '%5c', '%zz', '%u002f', ';', ',', '=', '==', '.', '..', '/', '//', '#', '?', '&', ':', '@',
  '*', '{', '}', '[', ']', '__proto__', 'constructor', 'prototype', 'null', 'undefined', 'NaN', '-1', '0', '1e999', 'true', '\u0001', '\u007f',
  '\u0080', '\u00ff', '%c0%af', '%ff', '$', '`', '<', '>', '|', '^', '~', '!',
]; // prettier-ignore

/** A text that is short and odd, or long; in bytes of latin1, without NUL and line breaks. */
export function randomText(random: Random): string {
  const kind = random.next();
  if (kind < 0.5) return random.pick(ODD);
  if (kind < 0.75) return times(random.integer(1, 6), () => random.pick(ODD));
  if (kind < 0.95) return times(random.integer(1, 40), () => String.fromCharCode(byte(random)));
  return random.pick(ODD).repeat(random.integer(1, 3000)).slice(0, 8000);
}

/** Anything that JavaScript calls a text: surrogates and all. */
export function anyText(random: Random): string {
  if (random.chance(0.6)) return randomText(random);
  return times(random.integer(0, 20), () => String.fromCharCode(random.integer(0, 0xffff)));
}

/** Changes a text here and there. */
export function mutated(random: Random, text: string): string {
  const at = random.integer(0, text.length);
  const rest = random.integer(at, Math.min(text.length, at + 4));
  return random.pick([
    () => text.slice(0, at) + randomText(random) + text.slice(at),
    () => text.slice(0, at) + text.slice(rest),
    () => text.slice(0, at) + text.slice(at, rest).toUpperCase() + text.slice(rest),
    () => text.slice(0, at) + percent(text.slice(at, rest)) + text.slice(rest),
    () => text + randomText(random),
    () => randomText(random) + text,
    () => text + text.slice(at),
  ])();
}

export function times(count: number, piece: () => string): string {
  return Array.from({ length: count }, piece).join('');
}

function percent(text: string): string {
  return text.replace(/./gs, (one) => `%${one.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

function byte(random: Random): number {
  const code = random.integer(1, 255);
  return code === 10 || code === 13 ? 32 : code;
}
