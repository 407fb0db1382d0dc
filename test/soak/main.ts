import { soakArguments } from './soak-arguments.js';
import { Soak } from './soak.js';

const given = soakArguments();
const SHOWN_OF_A_KIND = 2;
const REST_OF_THE_PROGRAM_MILLISECONDS = 600_000;
const settings = `${given.topology}, retries ${given.retries} ms, seed ${given.seed}`;

console.log(`soak: ${given.minutes} minutes, ${settings}`);
const soak = new Soak(given);
const tooLong = setTimeout(() => end(3), given.minutes * 60_000 + REST_OF_THE_PROGRAM_MILLISECONDS);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end(130));
try {
  await soak.run();
} finally {
  clearTimeout(tooLong);
}
const { figures } = soak;
for (const violation of figures.violations.firstOfEachKind(SHOWN_OF_A_KIND))
  console.log(`\n${figures.violations.tell(violation)}\n  seed ${given.seed}`);
console.log(`\n${figures.toString()}\n\n${settings}`);
process.exit(figures.violations.count > 0 ? 1 : 0);

function end(code: number): void {
  void soak.stop().finally(() => process.exit(code));
}
