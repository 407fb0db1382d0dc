/** The bytes of names and serialized values. A removed attribute has no value. */
export function bytesIn(attributes: ReadonlyMap<string, string | undefined> | undefined): number {
  let bytes = 0;
  for (const [name, text = ''] of attributes ?? [])
    bytes += Buffer.byteLength(name) + Buffer.byteLength(text);
  return bytes;
}
