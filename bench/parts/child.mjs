import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pinned } from './cores.mjs';

const children = new Set();

// Whatever ends this process ends what it started.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Starts a process on the core of its role. */
export function start(role, command, args, options = {}) {
  const child = spawn(...pinned(role, command, args), options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** What a process writes to stdout until it ends. @throws where it fails, or takes longer than `seconds`. */
export async function outputOf(role, command, args, seconds) {
  const child = start(role, command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  let output = '';
  child.stdout.on('data', (chunk) => (output += chunk));
  const [code, signal] = await once(child, 'close');
  clearTimeout(timer);
  if (code !== 0) throw new Error(`${command} ended with ${code ?? signal}: ${output}`);
  return output;
}

/** Ends a process, in a few seconds at most. */
export async function end(child, ask) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  ask(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}
