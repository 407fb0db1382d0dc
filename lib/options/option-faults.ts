import { validateSync, type ValidationError } from 'class-validator';
import { nearestOption } from './option-names.js';
import { variableOf } from './options-from-env.js';

const secretOptions = new Set([
  'accessKey',
  'connectionString',
  'tls',
  'sentinel.password',
  'encryption.keys',
]);

/** One fault for each option with an invalid value, and for each unknown option. */
export function optionFaults(options: object): string[] {
  const errors = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false },
  });
  return errors.flatMap((error) => faultsOf(error, error.property));
}

/** The name of an option in faults: its path, and its environment variable if it has one. */
export function nameWithVariable(option: string): string {
  const variable = variableOf(option.replace(/\[.*$/, ''));
  return variable === undefined ? option : `${option} (${variable})`;
}

/** The value of an option in faults. Never shows a string that may contain a password. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return shownText(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object' && value !== null) return 'an object';
  return String(value);
}

function faultsOf(error: ValidationError, option: string): string[] {
  if (error.constraints?.['whitelistValidation'] !== undefined) return [unknownOption(option)];
  const expected = error.constraints?.['expect'];
  if (expected !== undefined)
    return [`${nameWithVariable(option)} ${given(option, error.value)}; expected ${expected}.`];
  return (error.children ?? []).flatMap((child) => faultsOf(child, pathOf(option, child.property)));
}

function pathOf(parent: string, property: string): string {
  return /^\d+$/.test(property) ? `${parent}[${property}]` : `${parent}.${property}`;
}

/** What replaces those options of express-session that this package does not have. */
const replacements: Readonly<Record<string, string>> = {
  secret:
    'nothing is signed, because every session has a random secret of its own. Remove it; expressSession({ secret }) of migrateFrom takes the sessions of express-session over.',
  resave: 'only attributes that changed are stored. Remove it.',
  saveUninitialized: 'a session is stored when something is written to it. Remove it.',
  rolling:
    'every request slides the idle timeout. Remove it; cookie.persistent sends the cookie with Max-Age.',
};

function unknownOption(option: string): string {
  const replaced = replacements[option];
  if (replaced !== undefined) return `unknown option "${option}"; ${replaced}`;
  const nearest = nearestOption(option);
  const hint = nearest === undefined ? 'no option has this name.' : `did you mean "${nearest}"?`;
  return `unknown option "${option}"; ${hint}`;
}

function given(option: string, value: unknown): string {
  if (value === undefined) return 'is missing';
  if (secretOptions.has(option)) return 'cannot be used (its value is not shown)';
  if (option === 'port' && typeof value === 'string' && /^(tcp|udp|sctp):\/\//.test(value))
    return (
      `is ${JSON.stringify(value)}, which Kubernetes sets for a Service named redis-session ` +
      '(set enableServiceLinks: false in the pod to prevent that)'
    );
  return `is ${shown(value)}`;
}

// Says "the string" if the type is the fault: `"6379"` instead of `6379`.
function shownText(text: string): string {
  if (/@|password=|:\/\//i.test(text)) return 'a string that is not shown because it may contain a password';
  const shortened = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return /^(-?\d+(\.\d+)?|true|false)$/.test(text) ? `the string ${shortened}` : shortened;
}
