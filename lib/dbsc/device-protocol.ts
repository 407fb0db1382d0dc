import type { DeviceSetting } from '../request/device-hook.js';
import { ForgedCredentials } from '../session/forged-credentials.js';
import { cookieAttributesOf, type CookieSettings } from '../session/session-cookie.js';
import { SessionOptionsError } from '../shared.js';
import { BoundCookie } from './bound-cookie.js';
import { Challenges } from './challenges.js';
import type { ResolvedDbscOptions } from './dbsc-options.js';
import { MacKeys } from './mac-keys.js';

/** How long a browser has to register a key after a login. A TPM takes seconds to make one. */
export const REGISTRATION_SECONDS = 120;
const CHALLENGE_SECONDS = 60;

/** What the hook and the endpoints of one registration share. */
export class DeviceProtocol {
  readonly cookie: BoundCookie;
  readonly registrations: Challenges;
  readonly refreshes: Challenges;
  readonly registrationPath: string;
  readonly refreshPath: string;
  readonly allowedRefreshInitiators: readonly string[];
  readonly #stolen: ForgedCredentials;

  /** @throws SessionOptionsError if these sessions cannot be bound */
  constructor(
    readonly options: ResolvedDbscOptions,
    readonly setting: DeviceSetting,
  ) {
    const { name, applicationName } = setting;
    const settings = usable(setting);
    const keysFor = (purpose: string) => new MacKeys(options.keys, `${purpose} of ${applicationName}`);
    const sent = { ...cookieAttributesOf(settings, true), httpOnly: true, secure: true };
    this.cookie = new BoundCookie(`${settings.name}-device`, sent, keysFor('cookies'));
    // One of a registration names 0 accepted proofs, and one of a refresh more.
    const challengeKeys = keysFor('challenges');
    this.registrations = new Challenges(challengeKeys, REGISTRATION_SECONDS);
    this.refreshes = new Challenges(challengeKeys, CHALLENGE_SECONDS);
    const base = `${settings.path.replace(/\/$/, '')}/device-session${name === undefined ? '' : `/${encodeURIComponent(name)}`}`;
    this.registrationPath = options.paths?.registration ?? `${base}/registration`;
    this.refreshPath = options.paths?.refresh ?? `${base}/refresh`;
    this.allowedRefreshInitiators =
      options.allowedRefreshInitiators ?? (sent.sameSite === 'none' ? [] : ['*']);
    this.#stolen = new ForgedCredentials(options.onStolen);
    const faults = pathFaults(settings.path, [this.registrationPath, this.refreshPath]);
    if (faults.length > 0) throw new SessionOptionsError(faults);
  }

  /** Reports that the cookie of a bound session came without the proof of its device. */
  report(id: string): void {
    this.#stolen.add(id);
  }
}

function usable({ cookie, canBind }: DeviceSetting): CookieSettings & { readonly name: string } {
  const faults: string[] = [];
  if (cookie === undefined)
    faults.push(
      'deviceBound is set while header is set: only cookies can be bound to a device. Remove one of them.',
    );
  if (!canBind)
    faults.push(
      'deviceBound is set, but the store has no bindDevice() or no index, so it cannot keep the keys of devices. Use another store, or remove deviceBound.',
    );
  if (cookie?.partitioned)
    faults.push(
      'deviceBound is set while cookie.partitioned is true; browsers bind no partitioned cookies. Remove one of them.',
    );
  if (cookie?.domain !== undefined)
    faults.push(
      'deviceBound is set while cookie.domain is set; browsers refresh the proof for requests to one origin, and the other hosts would get none. Remove one of them.',
    );
  if (cookie === undefined || faults.length > 0) throw new SessionOptionsError(faults);
  return cookie;
}

function pathFaults(cookiePath: string, paths: readonly [string, string]): string[] {
  const below = cookiePath.endsWith('/') ? cookiePath : `${cookiePath}/`;
  const faults = paths
    .filter((path) => !path.startsWith(below))
    .map(
      (path) =>
        `dbsc(): the path ${JSON.stringify(path)} is not below the cookie's path ${JSON.stringify(cookiePath)}, so browsers send no cookie to it. Change paths.`,
    );
  if (paths[0] === paths[1])
    faults.push('dbsc(): paths.registration and paths.refresh are the same. Change one of them.');
  return faults;
}
