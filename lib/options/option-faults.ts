import { validateSync, type ValidationError } from 'class-validator';
import { nearestOption } from './option-names.js';
import { variableOf } from './options-from-env.js';

const secretOptions = new Set(['accessKey', 'connectionString', 'tls', 'sentinel.password']);

/** One sentence for every option that holds a value it cannot have, and for every name that is no option. */
export function optionFaults(options: object): string[] {
  const errors = validateSync(options, {
    whitelist: true,
    forbidNonWhitelisted: true,
    forbidUnknownValues: true,
    validationError: { target: false },
  });
  return errors.flatMap((error) => faultsOf(error, error.property));
}

/** An option as faults name it: its path, and its environment variable where it has one. */
export function nameWithVariable(option: string): string {
  const variable = variableOf(option.replace(/\[.*$/, ''));
  return variable === undefined ? option : `${option} (${variable})`;
}

/** The value of an option as faults show it; never that of a secret, nor a text that may hold one. */
export function shown(value: unknown): string {
  if (typeof value === 'string') return shownText(value);
  if (typeof value === 'function') return 'a function';
  if (Array.isArray(value)) return 'a list';
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

function unknownOption(option: string): string {
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
      '(enableServiceLinks: false in the pod stops that)'
    );
  return `is ${shown(value)}`;
}

// A text that only looks like a number or a boolean is the fault itself: `"6379"` where `6379` is expected.
function shownText(text: string): string {
  if (/@|password=|:\/\//i.test(text)) return 'a text that is not shown, because it may hold a password';
  const shortened = JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
  return /^(-?\d+(\.\d+)?|true|false)$/.test(text) ? `the text ${shortened}` : shortened;
}
