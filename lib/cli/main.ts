#!/usr/bin/env node
import { runCommandLine } from './command-line.js';
import { processTerminal } from './terminal.js';

// `… list | head` closes the pipe early.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});

// Not process.exit(): output to a pipe may still be under way.
void runCommandLine(process.argv.slice(2), processTerminal).then((code) => {
  process.exitCode = code;
});
