import type { Random } from '../soak/random.js';
import type { FuzzInput } from './fuzz-input.js';
import { HttpInputs } from './http-inputs.js';
import { hashOf, randomCredential, textOf, type Credential, type People } from './people.js';
import { mutated, randomText } from './random-text.js';
import { requestBytes } from './raw-request.js';

const PATHS = [
  '/shop/read',
  '/shop/read',
  '/shop/locked',
  '/shop/write',
  '/admin/users',
  '/shop/public',
  '/nowhere',
];
const NAMES = [
  'sid',
  'sid',
  'sid',
  'sid',
  'admin',
  'SID',
  'xsid',
  'sid2',
  '__Host-sid',
  'connect.sid',
  '__proto__',
  '',
];

/** Cookie headers: names, duplicates, quotes, escapes, sizes. */
export class CookieInputs extends HttpInputs {
  readonly name = 'cookies';

  next(random: Random): FuzzInput {
    const path = random.pick(PATHS);
    const headers = Array.from(
      { length: random.integer(1, 2) },
      () => `${random.pick(['cookie', 'Cookie', 'COOKIE'])}: ${this.#header(random)}`,
    );
    const isWrite = path.endsWith('locked') || path.endsWith('write');
    const bytes = requestBytes(isWrite ? 'POST' : 'GET', path, headers, isWrite ? '{"a":1}' : '');
    return this.input(random, bytes);
  }

  #header(random: Random): string {
    const separator = random.pick(['; ', '; ', ';', ' ; ', ',', ';;', '\t;']);
    const count = random.chance(0.05) ? 200 : random.integer(1, 5);
    const cookies = Array.from({ length: count }, () => this.#cookie(random)).join(separator);
    return random.chance(0.3) ? mutated(random, cookies) : cookies;
  }

  #cookie(random: Random): string {
    // Most of what is odd here is odd beside something that is right.
    if (random.chance(0.3)) return this.#right(random);
    const name = random.chance(0.9) ? random.pick(NAMES) : randomText(random);
    const equals = random.pick(['=', '=', '=', '=', ' =', '= ', '', '==']);
    return name + equals + this.#value(random);
  }

  #right(random: Random): string {
    const { shop, admin } = this.people.attacker;
    return random.chance(0.7) ? `sid=${textOf(shop)}` : `admin=${textOf(admin)}`;
  }

  #value(random: Random): string {
    const value = credentialText(random, this.people);
    const odd = random.next();
    if (odd < 0.5) return value;
    if (odd < 0.6) return `"${value}"`;
    if (odd < 0.7) return encodeURIComponent(value).replaceAll('.', '%2e');
    return odd < 0.9 ? mutated(random, value) : randomText(random);
  }
}

/** A credential of the attacker's own, or one made of what they may know of the victim's: the id, the hash in Redis. */
export function credentialText(random: Random, { attacker, victim }: People): string {
  const registration = random.pick(['shop', 'admin', 'api'] as const);
  const [mine, theirs] = [attacker[registration], victim[registration]];
  return random.pick([
    () => textOf(mine),
    () => `${theirs.id}.${mine.secret}`,
    () => `${theirs.id}.${hashOf(theirs)}`,
    () => `${theirs.id}.${randomCredential(random).secret}`,
    () => theirs.id,
    () => `${theirs.id}.`,
    () => `${theirs.id}.${'A'.repeat(43)}`,
    () => `${mine.id}.${mine.secret}${randomText(random)}`,
    () => textOf(randomCredential(random)),
    () => textOf(upperCased(theirs)),
  ])();
}

function upperCased({ id, secret }: Credential): Credential {
  // Were ids or secrets compared without regard to case, this would open a session.
  return { id, secret: secret === secret.toUpperCase() ? secret.toLowerCase() : secret.toUpperCase() };
}
