import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { pinned } from './cores.mjs';

const children = new Set();

// When this process ends, so do its children.
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL');
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => process.exit(1));

/** Starts a process, pinned to the core of its role. */
export function start(role, command, args, options = {}) {
  const child = spawn(...pinned(role, command, args), options);
  children.add(child);
  child.once('exit', () => children.delete(child));
  return child;
}

/** Runs a process and returns its stdout. @throws Error if it fails or takes longer than `seconds` */
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

/** Ends a process: asks it first, and kills it after 5 seconds. */
export async function end(child, ask) {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  ask(child);
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await gone;
  clearTimeout(timer);
}
