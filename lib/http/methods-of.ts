/** Returns the methods of a class, inherited ones included. */
export function methodsOf(metatype: { readonly prototype?: object }): object[] {
  const methods: object[] = [];
  for (let { prototype } = metatype; prototype && prototype !== Object.prototype;) {
    for (const { value } of Object.values(Object.getOwnPropertyDescriptors(prototype))) {
      if (typeof value === 'function') methods.push(value as object);
    }
    prototype = Object.getPrototypeOf(prototype) as object | undefined;
  }
  return methods;
}
