/**
 * What the instance of a class is beside its own enumerable properties, which JSON would lose or change.
 * @returns words that follow the name of the class; `undefined` if it is nothing else
 */
export function whatElseItIs(value: object): string | undefined {
  // Built-ins keep what they hold in slots that nothing shows: a boxed number, a promise.
  if (Object.prototype.toString.call(value) !== '[object Object]') return '';
  for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(value))) {
    if (!('value' in property)) return ` with the accessor ${name}`;
    if (!property.enumerable) return ` with the hidden property ${name}`;
  }
  return whatItsClassAdds(value);
}

function whatItsClassAdds(value: object): string | undefined {
  let prototype = Object.getPrototypeOf(value) as object;
  // The last prototype is that of every object.
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
