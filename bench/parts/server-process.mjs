import { fileURLToPath } from 'node:url';
import { end, start } from './child.mjs';
import { nodeBinary } from './node-binary.mjs';

const main = fileURLToPath(new URL('../servers/main.mjs', import.meta.url));

/** One case: a Nest application in its own process. */
export class ServerProcess {
  #asked = Promise.resolve();

  static async start(server, redisPort, { profile } = {}) {
    const started = new ServerProcess();
    const profiling = profile === undefined ? [] : profileFlags(server.name, profile);
    started.process = start(
      'server',
      nodeBinary,
      ['--expose-gc', ...profiling, main, JSON.stringify({ ...server, redisPort })],
      { stdio: ['ignore', 'inherit', 'inherit', 'ipc'], env: { ...process.env, NODE_ENV: 'development' } },
    );
    const { port } = await started.#answer();
    started.url = `http://127.0.0.1:${port}`;
    return started;
  }

  /** The CPU time of the process so far, in microseconds. */
  cpu() {
    return this.#ask('cpu');
  }

  /** The used heap after a garbage collection, in bytes. */
  heap() {
    return this.#ask('heap');
  }

  async stop() {
    await end(this.process, (child) => child.send('stop'));
  }

  #ask(question) {
    this.#asked = this.#asked.then(() => {
      const answer = this.#answer();
      this.process.send(question);
      return answer;
    });
    return this.#asked;
  }

  #answer() {
    return new Promise((resolve, reject) => {
      const failed = (code) => reject(new Error(`A server ended with code ${code} instead of answering.`));
      this.process.once('exit', failed);
      this.process.once('message', (message) => {
        this.process.off('exit', failed);
        resolve(message);
      });
    });
  }
}

function profileFlags(name, directory) {
  const file = `${name.replaceAll(/\W+/g, '-')}-${Date.now()}.cpuprofile`;
  return ['--cpu-prof', `--cpu-prof-dir=${directory}`, `--cpu-prof-name=${file}`];
}
