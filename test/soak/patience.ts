import { setTimeout as sleep } from 'node:timers/promises';

const TRIES = 60;
const PAUSE_MILLISECONDS = 250;

/** Asks until there is an answer: a machine that stalls may cost any one, but not all. @returns whether there was one */
export async function answered(ask: () => Promise<boolean>): Promise<boolean> {
  for (let tries = 0; tries < TRIES; tries++) {
    if (await ask()) return true;
    await sleep(PAUSE_MILLISECONDS);
  }
  return false;
}
