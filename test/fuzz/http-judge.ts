import type { Shown } from './fuzz-input.js';
import type { Told } from './fuzz.controllers.js';
import {
  registrations,
  textOf,
  VICTIMS_DATA,
  type Credential,
  type People,
  type Registration,
} from './people.js';
import type { RawAnswer } from './raw-request.js';

// What a broken record or an outage may make of a request: typed, and said by the package.
const EXPECTED = /^SESSION_(DATA|STORE_UNAVAILABLE|TOO_LARGE|READ_ONLY|MISSING)$/;

/** Looks for what must never be in an answer to the attacker. `own` are the credentials that are theirs. */
export function judge(
  answer: RawAnswer,
  bytes: string,
  { attacker }: People,
  own: readonly Credential[] = [],
): Shown {
  const faults: string[] = [];
  const body = bodyOf(answer.text);
  const told = body as Partial<Told>;
  if (answer.hung) faults.push('hang');
  if (answer.text.includes(VICTIMS_DATA)) faults.push('foreign data');
  if (isForeign(told)) faults.push("a registration's session on another's route");
  const theirs = [...registrations.map((name) => attacker[name]), ...own];
  if (told.isNew === false && !theirs.some((one) => one.id === told.id && bytes.includes(textOf(one))))
    faults.push('forged credential accepted');
  const session = told.isNew === false ? told.route : undefined;
  if (answer.status === undefined || answer.status < 500) return { faults, session };
  const cause = (body as { cause?: string }).cause ?? `${answer.status} ${lastLine(answer.text)}`;
  if (!EXPECTED.test(cause) && answer.status !== 501 && answer.status !== 505) faults.push('unexpected 5xx');
  return { faults, serverError: cause };
}

function isForeign({ route, owner, isNew }: Partial<Told>): boolean {
  if (route === undefined || isNew !== false) return false;
  return route === 'public' || (owner !== undefined && owner !== (route satisfies Registration));
}

function bodyOf(text: string): object {
  const body = text.slice(text.indexOf('\r\n\r\n'));
  try {
    return (JSON.parse(body.slice(body.indexOf('{'), body.lastIndexOf('}') + 1)) ?? {}) as object;
  } catch {
    return {};
  }
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)!.slice(0, 100);
}
