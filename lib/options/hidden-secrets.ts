import { jsonSerializer } from '../session/session-serializer.js';
import type { RedisSessionOptions } from './redis-session.options.js';

/**
 * Hides secrets from `console.log`, `JSON.stringify`, loggers and spreads. Code can still read them by name. Hides objects
 * of the application too: a client holds a password, a serializer may hold a key.
 */
export function hideSecrets(options: RedisSessionOptions): void {
  const { store, serializer, observers, cluster, sentinel, encryption } = options;
  hide(options, 'accessKey', 'tls', 'client', 'events');
  if (typeof store === 'object') hide(options, 'store');
  if (serializer !== jsonSerializer) hide(options, 'serializer');
  if (observers.length > 0) hide(options, 'observers');
  if (cluster !== undefined) hide(cluster, 'options');
  if (sentinel !== undefined) hide(sentinel, 'password');
  if (encryption !== undefined) hide(encryption, 'keys');
}

// A getter: `inspect` with `showHidden` shows the value of any other non-enumerable property.
function hide<Options extends object>(options: Options, ...names: (keyof Options)[]): void {
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) Object.defineProperty(options, name, { get: () => value, enumerable: false });
  }
}
