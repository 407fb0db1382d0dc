import { compare, overlapping } from '../parts/timing.mjs';

// Decision: one timer for all operations. Deadlines of equal length expire in the order in which they were set, so it
// watches the first. A timer for each operation costs 2.5 times as much.
const answer = () => new Promise((resolve) => setImmediate(resolve));
const pending = [];
let timer;

await compare('deadline of an operation', {
  none: overlapping(answer),
  'a timer each': overlapping(async () => {
    const own = setTimeout(() => undefined, 1000);
    await answer();
    clearTimeout(own);
  }),
  'one timer for all': overlapping(async () => {
    const mine = { settled: false };
    pending.push(mine);
    timer ??= setTimeout(() => undefined, 1000);
    await answer();
    mine.settled = true;
    if (pending.length > 1000) pending.length = 0;
  }),
});
clearTimeout(timer);
