import { SessionOptionsError } from '../session/session.errors.js';
import { isHost } from './expectations.js';
import { nameWithVariable } from './option-faults.js';

/** The parts of a connection string. A part that it omits is `undefined`, and the default of the option applies. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly accessKey?: string | undefined;
  readonly ssl: boolean;
  readonly databaseId?: number | undefined;
}

/**
 * Parses a connection string: `redis://user:password@host:port/database`, `rediss://…` for TLS, or the StackExchange.Redis
 * form that the Azure portal shows (`host:port,password=…,ssl=True,abortConnect=False`).
 * @throws SessionOptionsError with one fault. The message never contains any part of the string.
 */
export function parseConnectionString(text: string): ConnectionTarget {
  const target = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? fromUrl(text) : fromSettings(text);
  if (!isHost(target.host)) throw fault('has no host, or its host is not a host name or an IP address');
  if (target.username !== undefined && target.accessKey === undefined)
    throw fault('has a user name without a password; give both, or only the password');
  return target;
}

function fromUrl(text: string): ConnectionTarget {
  if (!URL.canParse(text))
    throw fault('is not a valid URL; percent-encode special characters in the user name and the password');
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw fault('does not start with "redis://" or "rediss://"');
  if (url.search !== '' || url.hash !== '')
    throw fault(
      'has a part after "?" or "#"; use options instead, and percent-encode these characters in a password',
    );
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: wholeNumber(url.port, 'port'),
    username: decoded(url.username),
    accessKey: decoded(url.password),
    ssl: url.protocol === 'rediss:',
    databaseId: wholeNumber(url.pathname.replace(/^\//, ''), 'database'),
  };
}

function fromSettings(text: string): ConnectionTarget {
  const [endpoint = '', ...parts] = text.split(',').map((part) => part.trim());
  const settings = new Map(parts.filter((part) => part !== '').map(nameAndValue));
  const [, host = '', port = ''] = /^(\[[^\]]+\]|[^:=]*)(?::([^=]*))?$/.exec(endpoint) ?? [];
  return {
    host: host.replace(/^\[|\]$/g, ''),
    port: wholeNumber(port, 'port'),
    username: settings.get('user') || undefined,
    accessKey: settings.get('password') || undefined,
    ssl: trueOrFalse(settings.get('ssl')),
    databaseId: wholeNumber(settings.get('defaultdatabase') ?? '', 'defaultDatabase'),
  };
}

/** Settings that only the client StackExchange.Redis uses. */
const ignoredSettings = new Set(
  (
    'abortConnect allowAdmin asyncTimeout channelPrefix checkCertificateRevocation configChannel configCheckSeconds ' +
    'connectRetry connectTimeout defaultVersion heartbeatInterval highIntegrity keepAlive name preserveAsyncOrder ' +
    'protocol resolveDns responseTimeout setClientLibrary sslProtocols syncTimeout tiebreaker version writeBuffer'
  )
    .toLowerCase()
    .split(' '),
);

// A password with a comma is split here, so an error must not even show the name of an unknown setting.
function nameAndValue(part: string): [name: string, value: string] {
  const end = part.indexOf('=');
  if (end < 0)
    throw fault('has a second host, or a comma in its password; set several hosts with cluster or sentinel');
  const name = part.slice(0, end).trim().toLowerCase();
  if (!['user', 'password', 'ssl', 'defaultdatabase'].includes(name) && !ignoredSettings.has(name))
    throw fault('has an unsupported setting; use user, password, ssl and defaultDatabase');
  return [name, part.slice(end + 1).trim()];
}

function wholeNumber(text: string, part: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d+$/.test(text)) throw fault(`has a ${part} that is not a whole number`);
  return Number(text);
}

function trueOrFalse(text = 'false'): boolean {
  if (!/^(true|false)$/i.test(text)) throw fault('has an ssl setting that is not True or False');
  return text.toLowerCase() === 'true';
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined;
  } catch {
    throw fault('has an invalid "%" in the user name or password; write %25 for a percent sign');
  }
}

function fault(problem: string): SessionOptionsError {
  return new SessionOptionsError([`${nameWithVariable('connectionString')} ${problem}.`]);
}
