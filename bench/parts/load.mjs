import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outputOf } from './child.mjs';
import { nodeBinary } from './node-binary.mjs';

const wrkScript = fileURLToPath(new URL('wrk.lua', import.meta.url));
const autocannonScript = fileURLToPath(new URL('autocannon.mjs', import.meta.url));

// wrk needs a tenth of autocannon's CPU, which it shares with Redis.
const hasWrk = spawnSync('wrk', ['-v']).error === undefined;

/** Sends requests from another process over several connections, each with the cookie of the next session. */
export class Load {
  #directory = mkdtempSync(join(tmpdir(), 'bench-'));

  constructor(tool = hasWrk ? 'wrk' : 'autocannon') {
    this.tool = tool;
    process.on('exit', () => rmSync(this.#directory, { recursive: true, force: true }));
  }

  /** @returns requests, seconds, p50 and p99 in milliseconds. @throws Error if an answer is not 2xx */
  async run(url, cookies, connections, seconds) {
    const file = join(this.#directory, 'cookies');
    writeFileSync(file, cookies.map((cookie) => `${cookie}\n`).join(''));
    const [command, args] =
      this.tool === 'wrk'
        ? ['wrk', ['-t1', `-c${connections}`, `-d${Math.max(1, Math.round(seconds))}s`, '-s', wrkScript, url, '--', file]] // prettier-ignore
        : [nodeBinary, [autocannonScript, url, String(connections), String(seconds), file]];
    const output = await outputOf('load', command, args, seconds + 20);
    const result = JSON.parse(output.slice(output.lastIndexOf('\n{') + 1));
    if (result.failed > 0) throw new Error(`${result.failed} of ${result.requests} requests to ${url} failed.`); // prettier-ignore
    return result;
  }
}
