import { SessionOptionsError } from '../session/session.errors.js';
import { isHost } from './expectations.js';
import { nameWithVariable } from './option-faults.js';

/** What a connection string says. What it leaves out is `undefined`, and has the default of the option. */
export interface ConnectionTarget {
  readonly host: string;
  readonly port?: number | undefined;
  readonly username?: string | undefined;
  readonly accessKey?: string | undefined;
  readonly ssl: boolean;
  readonly databaseId?: number | undefined;
}

/**
 * Takes a connection string apart: `redis://user:password@host:port/database`, `rediss://…` for TLS, or the form of
 * StackExchange.Redis that the Azure portal hands out (`host:port,password=…,ssl=True,abortConnect=False`).
 * @throws SessionOptionsError with one fault, which never shows the string or a part of it
 */
export function parseConnectionString(text: string): ConnectionTarget {
  const target = /^[a-z][a-z\d+.-]*:\/\//i.test(text) ? fromUrl(text) : fromSettings(text);
  if (!isHost(target.host)) throw fault('names no host, or one that cannot be a host name or an IP address');
  if (target.username !== undefined && target.accessKey === undefined)
    throw fault('has a user name without a password; Redis takes both or the password alone');
  return target;
}

function fromUrl(text: string): ConnectionTarget {
  if (!URL.canParse(text))
    throw fault('cannot be read as a URL; percent-encode what is special in the user name and the password');
  const url = new URL(text);
  if (url.protocol !== 'redis:' && url.protocol !== 'rediss:')
    throw fault('does not begin with "redis://" or "rediss://"');
  if (url.search !== '' || url.hash !== '')
    throw fault('has a part after "?" or "#"; use options instead, and percent-encode both in a password');
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

/** Settings of StackExchange.Redis that steer that client and mean nothing to this one. */
const settingsWithoutMeaning = new Set(
  (
    'abortConnect allowAdmin asyncTimeout channelPrefix checkCertificateRevocation configChannel configCheckSeconds ' +
    'connectRetry connectTimeout defaultVersion heartbeatInterval highIntegrity keepAlive name preserveAsyncOrder ' +
    'protocol resolveDns responseTimeout setClientLibrary sslProtocols syncTimeout tiebreaker version writeBuffer'
  )
    .toLowerCase()
    .split(' '),
);

// A password that holds a comma falls into pieces here, so not even the name of an unknown setting is shown.
function nameAndValue(part: string): [name: string, value: string] {
  const end = part.indexOf('=');
  if (end < 0)
    throw fault('has a second host, or a comma in its password; several hosts go into cluster or sentinel');
  const name = part.slice(0, end).trim().toLowerCase();
  if (!['user', 'password', 'ssl', 'defaultdatabase'].includes(name) && !settingsWithoutMeaning.has(name))
    throw fault('has a setting that is not supported; use user, password, ssl and defaultDatabase');
  return [name, part.slice(end + 1).trim()];
}

function wholeNumber(text: string, part: string): number | undefined {
  if (text === '') return undefined;
  if (!/^\d+$/.test(text)) throw fault(`has a ${part} that is not a whole number`);
  return Number(text);
}

function trueOrFalse(text = 'false'): boolean {
  if (!/^(true|false)$/i.test(text)) throw fault('has an ssl setting that is neither True nor False');
  return text.toLowerCase() === 'true';
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text) || undefined;
  } catch {
    throw fault('has a "%" in the user name or password that encodes nothing; write %25 for a percent sign');
  }
}

function fault(problem: string): SessionOptionsError {
  return new SessionOptionsError([`${nameWithVariable('connectionString')} ${problem}.`]);
}
