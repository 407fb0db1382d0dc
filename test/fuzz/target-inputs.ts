import type { Random } from '../soak/random.js';
import type { FuzzInput } from './fuzz-input.js';
import { HttpInputs } from './http-inputs.js';
import { textOf } from './people.js';
import { mutated, randomText } from './random-text.js';
import { requestBytes } from './raw-request.js';

const PATHS = [
  '/admin/users', '/admin/users', '/admin/files/a/b', '/api/me', '/shop/read', '/shop/public', '/shop/cart/a/b', '/admin', '/',
]; // prettier-ignore
const SLASHES = [
  '\\',
  '//',
  '/./',
  '/../',
  '/x/../',
  '%2f',
  '%5c',
  '/;/',
  ';/',
  '/%2e%2e/',
  '/.',
  '\\\\',
  '/%00/',
];
const ENDS = [
  ';x=1', ';', '#x', '#', '?', '?a=b', '?/admin/users', '/', '//', '%', '%00', '%20', '.', '..', '/..', '/.', '%23', '%3f', '%3b', ';/../../shop/read',
  '#/../admin/users', '\\', '/../../../x', '/%2e%2e/%2e%2e/shop/read', '\u00e9', '%c3%a9', '%C0%AF', '%ff', '\t', '\u0001', '\u007f', '\u0000',
]; // prettier-ignore
const ORIGINS = [
  'http://h', 'http://127.0.0.1', 'http://a:99999', 'http://a:', 'http://u@', 'http://u@h', 'http://u:p@h', 'http://a?', 'http://a#', 'http://a\\',
  'http://', 'http:', 'http:/', '//h', '//', 'https://h', 'ws://h', 'admin:', 'file://', 'HTTP://H', 'http://[::1]', 'http://[', '/', '\\', '.', '*', 'h:80',
]; // prettier-ignore
const METHODS = ['GET', 'GET', 'GET', 'GET', 'POST', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'PROPFIND'];

/** Raw request targets, with the attacker's cookies of all registrations: each route may see its own session only. */
export class TargetInputs extends HttpInputs {
  readonly name = 'targets';

  next(random: Random): FuzzInput {
    const { shop, admin, api } = this.people.attacker;
    const cookies = [`sid=${textOf(shop)}`, ...(random.chance(0.5) ? [`admin=${textOf(admin)}`] : [])];
    const headers = [`cookie: ${cookies.join('; ')}`];
    if (random.chance(0.3)) headers.push(`authorization: Bearer ${textOf(api)}`);
    return this.input(random, requestBytes(random.pick(METHODS), this.#target(random), headers));
  }

  #target(random: Random): string {
    let target = random.pick(PATHS);
    for (let changes = random.pick([1, 1, 1, 2, 3]); changes > 0; changes--)
      target = this.#changed(random, target);
    // A space or a line break would end it: what follows were another input.
    return target.replace(/[\r\n ]/g, '');
  }

  #changed(random: Random, target: string): string {
    return random.pick([
      () => replaceSome(random, target, '/', random.pick(SLASHES)),
      () => replaceSome(random, target, '/', random.pick(SLASHES)),
      () => target + random.pick(ENDS),
      () => target + random.pick(ENDS),
      () => random.pick(ORIGINS) + target,
      () => random.pick(ORIGINS) + target,
      () => recased(random, target),
      () => encoded(random, target),
      () => mutated(random, target),
      () => target + randomText(random),
    ])();
  }
}

function replaceSome(random: Random, text: string, from: string, to: string): string {
  return text.replaceAll(from, () => (random.chance(0.4) ? to : from));
}

function recased(random: Random, text: string): string {
  return text.replace(/[a-z]/g, (letter) => (random.chance(0.3) ? letter.toUpperCase() : letter));
}

// Once, or twice: "%2561" is "%61" is "a".
function encoded(random: Random, text: string): string {
  const percent = random.pick(['%', '%', '%25']);
  return text.replace(/[^%]/g, (one) =>
    random.chance(0.15) ? percent + one.charCodeAt(0).toString(16).padStart(2, '0') : one,
  );
}
