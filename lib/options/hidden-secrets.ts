import { jsonSerializer } from '../session/session-serializer.js';
import type { RedisSessionOptions } from './redis-session.options.js';

/**
 * Keeps secrets out of whatever shows the options: `console.log`, `JSON.stringify`, a logger, a spread. They can still be
 * read by their names. Objects of the application may hold secrets too: a client its password, a serializer its key.
 */
export function hideSecrets(options: RedisSessionOptions): void {
  const { store, serializer, cluster, sentinel } = options;
  hide(options, 'accessKey', 'tls', 'client');
  if (typeof store === 'object') hide(options, 'store');
  if (serializer !== jsonSerializer) hide(options, 'serializer');
  if (cluster !== undefined) hide(cluster, 'options');
  if (sentinel !== undefined) hide(sentinel, 'password');
}

// An accessor, because `inspect` with `showHidden` shows the value of a property that is only not enumerable.
function hide<Options extends object>(options: Options, ...names: (keyof Options)[]): void {
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) Object.defineProperty(options, name, { get: () => value, enumerable: false });
  }
}
