import type { RedisSessionOptions } from '../options/redis-session.options.js';

/** The server that is connected to first. */
export function firstServer({ cluster, sentinel, host, port }: RedisSessionOptions): {
  readonly host: string;
  readonly port: number;
} {
  return cluster?.nodes[0] ?? sentinel?.sentinels[0] ?? { host, port };
}

/** What to check in the options if Redis cannot be reached for this reason. @returns '' if nothing is likely */
export function connectionHint(reason: string, options: RedisSessionOptions): string {
  if (options.credentials !== undefined && /^(NOAUTH|WRONGPASS)/.test(reason))
    return ' Check what credentials returns, and that Redis has this user.';
  if (reason.startsWith('NOAUTH')) return ' Redis asks for a password: set accessKey.';
  if (reason.startsWith('WRONGPASS')) return ' Check accessKey and username.';
  if (options.ssl && /certificate/i.test(reason))
    return ' If its authority is your own, set tls.ca to its certificate, or the variable NODE_EXTRA_CA_CERTS to its file.';
  const { host, port } = firstServer(options);
  const server = `${host}:${port}${options.cluster || options.sentinel ? '' : ' (host, port)'}`;
  if (
    options.ssl &&
    /without TLS|wrong version number|packet length|socket disconnected|no answer|ETIMEDOUT/i.test(reason)
  )
    return ` If Redis at ${server} does not use TLS, set ssl to false.`;
  if (!options.ssl && /ECONNRESET|was closed|Protocol error/.test(reason))
    return ` If Redis at ${server} uses TLS, set ssl to true.`;
  return '';
}
