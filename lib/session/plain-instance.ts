/**
 * What JSON would lose or change of an instance of a class: everything except its own enumerable properties.
 * @returns words to append to the name of the class; `undefined` if nothing would be lost
 */
export function whatElseItIs(value: object): string | undefined {
  // Built-ins such as boxed numbers and promises hold their content in internal slots.
  if (Object.prototype.toString.call(value) !== '[object Object]') return '';
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (!('value' in property)) return ` with the accessor ${name}`;
    if (!property.enumerable) return ` with the hidden property ${name}`;
  }
  return whatItsClassAdds(value);
}

function whatItsClassAdds(value: object): string | undefined {
  let prototype = Object.getPrototypeOf(value) as object;
  // The last prototype is Object.prototype.
  for (
    let next: object | null;
    (next = Object.getPrototypeOf(prototype) as object | null);
    prototype = next
  ) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
      if (!('value' in property)) return ` with the accessor ${name}`;
      if (name === 'toJSON') return ' with a toJSON()';
      if (typeof property.value !== 'function') return ` that inherits the property ${name}`;
    }
  }
  return undefined;
}
