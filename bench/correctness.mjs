import { fileURLToPath } from 'node:url';
import { chosenCases } from './cases.mjs';
import { placeBuild } from './parts/build.mjs';
import { readFlags } from './parts/flags.mjs';
import { attributesKept, incrementsKept, logoutWins, readUndoesNothing } from './parts/keeping.mjs';
import { recovery, waitDuring } from './parts/outage.mjs';
import { RedisProcess } from './parts/redis-process.mjs';
import { ServerProcess } from './parts/server-process.mjs';

// Checks which changes each library keeps when requests of one session overlap, and how long visitors wait in an outage.
const flags = readFlags();
const dist = flags.dist ?? fileURLToPath(new URL('../dist/esm', import.meta.url));
const tested = chosenCases(flags).filter(({ peer, sessions }) => peer || sessions === 'ours');

const questions = {
  '50 attributes set at once': attributesKept,
  '50 increments at once': incrementsKept,
  'a visitor who logged out': logoutWins,
  'a write beside a slow read': readUndoesNothing,
};
const outages = { 'Redis stopped': 'SIGTERM', 'Redis frozen': 'SIGSTOP', 'Redis killed': 'SIGKILL' };

const table = {};
for (const one of tested) {
  const entry =
    one.sessions === 'ours' ? placeBuild('correctness', one.dist ?? dist, one.ioredis) : undefined;
  table[one.name] = await answersOf({ ...one, entry, keeping: true });
}
console.table(transposed(table));

async function answersOf(server) {
  const redis = await RedisProcess.start();
  const process = await ServerProcess.start(server, redis.port);
  const answers = {};
  try {
    for (const [question, ask] of Object.entries(questions)) answers[question] = await ask(process.url);
    for (const [outage, signal] of Object.entries(outages)) {
      answers[outage] = await waitDuring(signal, process.url, redis);
      if (signal === 'SIGSTOP') redis.signal('SIGCONT');
      else await redis.run();
      answers[`${outage}, then`] = await recovery(process.url);
    }
  } finally {
    await process.stop();
    await redis.stop();
  }
  return answers;
}

function transposed(rows) {
  const columns = {};
  for (const [name, answers] of Object.entries(rows))
    for (const [question, answer] of Object.entries(answers)) (columns[question] ??= {})[name] = answer;
  return columns;
}
