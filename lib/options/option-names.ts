import { getMetadataStorage } from 'class-validator';
import { optionGroups, RedisSessionOptions } from './redis-session.options.js';

/** The path of every option, also in groups: `host`, `cookie`, `cookie.sameSite`, … */
export const optionNames: readonly string[] = [
  ...declaredBy(RedisSessionOptions),
  ...Object.entries(optionGroups).flatMap(([group, type]) =>
    declaredBy(type).map((name) => `${group}.${name}`),
  ),
];

/** Names of options in other packages. */
const otherNames: Readonly<Record<string, string>> = {
  password: 'accessKey',
  url: 'connectionString',
  uri: 'connectionString',
  user: 'username',
  db: 'databaseId',
  database: 'databaseId',
  prefix: 'applicationName',
  keyprefix: 'applicationName',
  ttl: 'idleTimeoutInSeconds',
  maxage: 'idleTimeoutInSeconds',
};

const LONGEST_TYPO = 100;

/**
 * Finds the option closest to an unknown path in any spelling: `databseId`, `SAME_SITE`, `cookie.secured`.
 * @returns `undefined` if none of `names` is close
 */
export function nearestOption(unknown: string, names: readonly string[] = optionNames): string | undefined {
  if (unknown.length > LONGEST_TYPO) return undefined;
  const alias = otherNames[letters(lastPart(unknown))];
  if (alias !== undefined && names.includes(alias)) return alias;
  const wanted = letters(unknown);
  let nearest: string | undefined;
  let least = Math.max(2, Math.floor(wanted.length / 3)) + 1;
  for (const name of names) {
    // A name in another group matches too, but an equal match in the written group is better.
    const inAnotherGroup = editDistance(letters(lastPart(unknown)), letters(lastPart(name))) + 0.5;
    const distance = Math.min(editDistance(wanted, letters(name)), inAnotherGroup);
    if (distance < least) [nearest, least] = [name, distance];
  }
  return nearest;
}

// The Levenshtein distance, one row at a time.
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let line = 1; line <= from.length; line++) {
    const next = [line];
    for (let column = 1; column <= to.length; column++) {
      const replace = row[column - 1]! + (from[line - 1] === to[column - 1] ? 0 : 1);
      next.push(Math.min(replace, row[column]! + 1, next[column - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}

function declaredBy(type: abstract new () => object): string[] {
  const rules = getMetadataStorage().getTargetValidationMetadatas(type, '', false, false);
  return [...new Set(rules.map((rule) => rule.propertyName))];
}

function letters(name: string): string {
  return name.toLowerCase().replace(/[^a-z\d]/g, '');
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('.') + 1);
}
