import { parseSetCookie, type SetCookie } from './set-cookie.js';

interface StoredCookie {
  name: string;
  value: string;
  domain: string;
  hostOnly: boolean;
  path: string;
  secure: boolean;
  expires: number;
}

/** The cookies of one browser, according to RFC 6265bis, section 5. */
export class CookieJar {
  #cookies = new Map<string, StoredCookie>();

  /** Stores or removes a cookie. Returns the reason if it rejects the cookie. */
  receive(raw: string, from: { host: string; path: string; secure: boolean }): SetCookie {
    const cookie = parseSetCookie(raw);
    const rejected = reasonToReject(cookie, from);
    if (rejected) return { ...cookie, rejected };
    const domain = cookie.attributes.domain?.replace(/^\./, '').toLowerCase();
    this.#keep({
      name: cookie.name,
      value: cookie.value,
      domain: domain || from.host,
      hostOnly: !domain,
      path: cookie.attributes.path?.startsWith('/') ? cookie.attributes.path : defaultPath(from.path),
      secure: 'secure' in cookie.attributes,
      expires: expiryOf(cookie.attributes),
    });
    return cookie;
  }

  set(name: string, value: string, at: { host: string; path: string }): void {
    this.#keep({
      name,
      value,
      domain: at.host,
      hostOnly: true,
      path: at.path,
      secure: false,
      expires: Infinity,
    });
  }

  /** The cookies of a request: longer paths first, then older cookies (section 5.8.3). */
  matching({ host, path, secure }: { host: string; path: string; secure: boolean }): StoredCookie[] {
    return [...this.#cookies.values()]
      .filter((cookie) => cookie.expires > Date.now())
      .filter((cookie) => (cookie.hostOnly ? host === cookie.domain : domainMatches(host, cookie.domain)))
      .filter((cookie) => pathMatches(path, cookie.path))
      .filter((cookie) => secure || !cookie.secure)
      .toSorted((a, b) => b.path.length - a.path.length);
  }

  /** Every live cookie, whatever its path. */
  all(): StoredCookie[] {
    return [...this.#cookies.values()].filter((cookie) => cookie.expires > Date.now());
  }

  clear(): void {
    this.#cookies.clear();
  }

  clone(): CookieJar {
    const copy = new CookieJar();
    copy.#cookies = new Map(this.#cookies);
    return copy;
  }

  #keep(cookie: StoredCookie): void {
    const key = [cookie.domain, cookie.hostOnly, cookie.path, cookie.name].join(';');
    if (cookie.expires <= Date.now()) this.#cookies.delete(key);
    else this.#cookies.set(key, cookie);
  }
}

function reasonToReject(cookie: SetCookie, from: { host: string; secure: boolean }): string | undefined {
  const { name, value, attributes } = cookie;
  const secure = 'secure' in attributes;
  const domain = attributes.domain?.replace(/^\./, '').toLowerCase();
  if (!name && !value) return 'it is empty';
  if (name.length + value.length > 4096) return 'it is longer than 4096 bytes';
  if (secure && !from.secure) return 'Secure over plain http';
  if (domain && !domainMatches(from.host, domain)) return `Domain ${domain} is not this host's`;
  if (attributes.samesite?.toLowerCase() === 'none' && !secure) return 'SameSite=None without Secure';
  if ('partitioned' in attributes && !secure) return 'Partitioned without Secure';
  if (/^__secure-/i.test(name) && !secure) return '__Secure- without Secure';
  if (/^__host-/i.test(name) && (!secure || domain || attributes.path !== '/')) {
    return '__Host- needs Secure and Path=/, and no Domain';
  }
  return undefined;
}

function expiryOf(attributes: Record<string, string>): number {
  const maxAge = attributes['max-age'];
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) {
    return Number(maxAge) > 0 ? Date.now() + Number(maxAge) * 1000 : -Infinity;
  }
  const expires = Date.parse(attributes.expires ?? '');
  return Number.isNaN(expires) ? Infinity : expires;
}

function domainMatches(host: string, domain: string): boolean {
  return host === domain || (host.endsWith(`.${domain}`) && !/^[\d.]+$/.test(host));
}

function pathMatches(path: string, cookiePath: string): boolean {
  return path === cookiePath || path.startsWith(cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`);
}

function defaultPath(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '/';
}
