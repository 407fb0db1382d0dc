import type { RedisClient } from './session-scripts.js';

/** The oldest version of Redis that has what sessions need. */
export const OLDEST_MAJOR = 7;

/** Warns if the server is too old. Servers that do not say that they are Redis of some version are not judged. */
export async function nameOldServer(
  client: RedisClient,
  logger: { warn(message: string): void },
): Promise<void> {
  const info = await client.info('server');
  const version = /^redis_version:(\d\S*)/m.exec(info)?.[1];
  if (version === undefined || Number.parseInt(version, 10) >= OLDEST_MAJOR) return;
  logger.warn(
    `Redis ${version} is too old: sessions need Redis ${OLDEST_MAJOR}.0 or later. Older servers refuse PEXPIRE with GT, so requests that only read do not extend the idle timeout, and their visitors are logged out. Upgrade the server.`,
  );
}
