import { parseArgs } from 'node:util';
import { Soak } from './soak.js';

// npm run soak -- --minutes 5 [--seed 42]
const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 1);
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
if (!(minutes > 0) || !Number.isInteger(seed)) {
  console.error('npm run soak -- --minutes <more than 0> --seed <whole number>');
  process.exit(2);
}
const SHOWN_VIOLATIONS = 5;
const SHOWN_LINES = 60;
const REST_OF_THE_PROGRAM_MILLISECONDS = 180_000;

console.log(`soak: ${minutes} minutes, seed ${seed}`);
const soak = new Soak(seed);
const tooLong = setTimeout(() => end(3), minutes * 60_000 + REST_OF_THE_PROGRAM_MILLISECONDS);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(130));
try {
  await soak.run(minutes);
} finally {
  clearTimeout(tooLong);
}
const { violations } = soak.figures;
for (const { what, history } of violations.slice(0, SHOWN_VIOLATIONS)) {
  console.log(['', `VIOLATION: ${what}`, ...history.slice(-SHOWN_LINES)].join('\n  '));
}
console.log(`\n${soak.figures.toString()}\n\nseed ${seed}`);
process.exit(violations.length > 0 ? 1 : 0);

function end(code: number): void {
  void soak.stop().finally(() => process.exit(code));
}
