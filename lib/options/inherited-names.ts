import { isObject } from './expectations.js';
import { optionGroups } from './redis-session.options.js';

/** Whether every object inherits a property of this name. Assigning `__proto__` would replace an object's prototype. */
export function isInherited(name: string): boolean {
  return name in Object.prototype;
}

/** One fault for each option, also in groups and nodes, whose name every object inherits. */
export function inheritedNameFaults(given: Readonly<Record<string, unknown>>): string[] {
  const faults = faultsIn(given, '');
  for (const group of Object.keys(optionGroups)) {
    const options = given[group];
    if (!isObject(options)) continue;
    faults.push(...faultsIn(options, `${group}.`));
    for (const list of ['nodes', 'sentinels']) {
      const nodes = options[list];
      if (!Array.isArray(nodes)) continue;
      nodes.forEach((node, i) => faults.push(...faultsIn(node, `${group}.${list}[${i}].`)));
    }
  }
  return faults;
}

function faultsIn(options: unknown, path: string): string[] {
  if (!isObject(options)) return [];
  return Object.keys(options)
    .filter(isInherited)
    .map((name) => `unknown option "${path}${name}"; no option has this name.`);
}
