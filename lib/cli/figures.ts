const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1000],
] as const;

/** A duration as people read it: `3 min`. @returns 'unknown' if there is none */
export function duration(milliseconds: number | undefined): string {
  if (milliseconds === undefined || !Number.isFinite(milliseconds)) return 'unknown';
  const [unit, length] = UNITS.find(([, least]) => milliseconds >= least) ?? UNITS[3];
  return `${Math.round(milliseconds / length)} ${unit}`;
}

/** A moment, in UTC and to the second. @returns 'unknown' if it is none */
export function moment(milliseconds: number): string {
  const date = new Date(milliseconds);
  return Number.isNaN(date.getTime()) ? 'unknown' : date.toISOString().replace(/\.\d+/, '');
}

/** Bytes as people read them: `1.5 MiB`. */
export function size(bytes: number): string {
  const exponent = Math.min(3, Math.max(0, Math.floor(Math.log2(Math.max(bytes, 1)) / 10)));
  const value = bytes / 1024 ** exponent;
  return `${exponent === 0 ? value : value.toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB'][exponent]!}`;
}

/** `1 session`, `2 sessions` */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
