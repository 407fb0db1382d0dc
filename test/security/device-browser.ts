import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { Browser, BrowserRequest, BrowserResponse } from '../support/http-browser.js';

const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

export interface Keys {
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

export const newKeys = (): Keys => generateKeyPairSync('ec', { namedCurve: 'P-256' });
export const newRsaKeys = (bits: number, exponent = 65_537): Keys =>
  generateKeyPairSync('rsa', { modulusLength: bits, publicExponent: exponent });

export interface ProofParts {
  header?: object;
  payload?: object;
  /** Signs instead of the private key. */
  sign?: (text: string) => Buffer;
}

/** A JWT as a browser makes it; the parts given replace or add to what a browser would write. */
export function proofOf({ publicKey, privateKey }: Keys, challenge: string, parts: ProofParts = {}): string {
  const alg = publicKey.asymmetricKeyType === 'ec' ? 'ES256' : 'RS256';
  const header = encoded({ alg, typ: 'dbsc+jwt', ...parts.header });
  const payload = encoded({ jti: challenge, ...parts.payload });
  const text = `${header}.${payload}`;
  const key = alg === 'ES256' ? { key: privateKey, dsaEncoding: 'ieee-p1363' as const } : privateKey;
  const signature = parts.sign?.(text) ?? sign('sha256', Buffer.from(text), key);
  return `"${text}.${signature.toString('base64url')}"`;
}

/** The JWK of a public key, as a registration carries it. */
export const jwkOf = ({ publicKey }: Keys) => publicKey.export({ format: 'jwk' });

export interface Offer {
  readonly path: string;
  readonly challenge: string;
  readonly algorithms: string;
}

/** What an answer offers to register; `undefined` if it offers nothing. */
export function offerIn({ headers }: BrowserResponse): Offer | undefined {
  const header = headers['secure-session-registration'];
  const found = /^\(([^)]*)\);path="([^"]+)";challenge="([^"]+)"$/.exec(String(header));
  return found ? { algorithms: found[1]!, path: found[2]!, challenge: found[3]! } : undefined;
}

/** The challenge of an answer. */
export function challengeIn({ headers }: BrowserResponse): string {
  return /^"([^"]+)";id="([^"]+)"$/.exec(String(headers['secure-session-challenge']))![1]!;
}

/** A browser that knows the protocol. Tests say when it registers and refreshes, which a browser does by itself. */
export interface DeviceBrowser {
  readonly web: Browser;
  keys: Keys;
  /** The answer to the registration: who the browser is to the server from then on. */
  session: { session_identifier: string; refresh_url: string; credentials: { name: string }[] } | undefined;
  logIn(user?: string): Promise<Offer>;
  register(offer: Offer, parts?: ProofParts): Promise<BrowserResponse>;
  /** Logs in and registers a key. */
  bind(user?: string): Promise<DeviceBrowser>;
  /** Asks for a challenge, signs it, and sends the proof. */
  refresh(parts?: ProofParts): Promise<BrowserResponse>;
  /** Sends one request to the refresh endpoint. @param proof none: asks for a challenge */
  prove(proof?: string, init?: BrowserRequest): Promise<BrowserResponse>;
  me(): Promise<{ user?: string; isNew?: boolean; deviceBound?: string }>;
  /** The name of the bound cookie. */
  readonly cookie: string;
  /** A thief who copied the cookies and nothing else. */
  stolen(): Browser;
  /** Loses the bound cookie, as when its time is over. */
  forget(): void;
}

/** @param prefix of the paths of its bank. @param cookie the name of the bound cookie */
export function deviceBrowser(web: Browser, prefix = '', cookie = 'sid-device'): DeviceBrowser {
  return {
    web,
    cookie,
    keys: newKeys(),
    session: undefined,
    async logIn(user) {
      return offerIn(await web.post(`${prefix}/login`, { user }))!;
    },
    async register({ path, challenge }, parts = {}) {
      const header = { jwk: jwkOf(this.keys), ...parts.header };
      const proof = proofOf(this.keys, challenge, { ...parts, header });
      const answer = await web.post(path, undefined, { headers: { 'secure-session-response': proof } });
      if (answer.status === 200) this.session = answer.json();
      return answer;
    },
    async bind(user) {
      const { status } = await this.register(await this.logIn(user));
      if (status !== 200) throw new Error(`The registration was answered with ${status}.`);
      return this;
    },
    async refresh(parts) {
      return this.prove(proofOf(this.keys, challengeIn(await this.prove()), parts));
    },
    prove(proof, init) {
      const headers = {
        'sec-secure-session-id': `"${this.session!.session_identifier}"`,
        ...(proof !== undefined && { 'secure-session-response': proof }),
        ...init?.headers,
      };
      return web.post(this.session!.refresh_url, undefined, { headers });
    },
    async me() {
      return (await web.get(`${prefix}/me`)).json() as object;
    },
    stolen: () => web.clone(),
    forget: () => web.setCookie(cookie, 'lost'),
  };
}
