import type { Redis } from 'ioredis';
import type { RunningOperation } from '../observed/operation-cost.js';
import { type ConnectionWatch, RedisCommands, type RedisCommandsOptions } from './redis-commands.js';
import type { RedisClient } from './session-scripts.js';

/** Counts commands and retries in the operation that sends them. Exists only if there are observers. */
export class CountedCommands extends RedisCommands {
  constructor(
    client: RedisClient,
    options: RedisCommandsOptions,
    watch: ConnectionWatch | undefined,
    private readonly running: RunningOperation,
  ) {
    super(counted(client, running), options, watch);
  }

  override send<T>(operation: string, command: () => Promise<T>): Promise<T> {
    const { cost } = this.running;
    if (cost === undefined) return super.send(operation, command);
    let sent = false;
    return super.send(operation, () => {
      if (sent) cost.retries++;
      sent = true;
      return command();
    });
  }
}

// The same client, which may be the application's own, seen through an object that counts: every command of ioredis passes
// `sendCommand`.
function counted(client: RedisClient, running: RunningOperation): RedisClient {
  const sendCommand = (...args: Parameters<Redis['sendCommand']>): unknown => {
    const { cost } = running;
    const reply = client.sendCommand(...args);
    cost?.sent(reply);
    return reply;
  };
  return Object.create(client, { sendCommand: { value: sendCommand } }) as RedisClient;
}
