/** Bytes as text. devalue would write the whole memory behind a view, which can hold the bytes of others. */
export class StoredBytes {
  readonly #text: string;

  constructor(
    private readonly kind: 'Buffer' | 'Uint8Array',
    bytes: Uint8Array,
  ) {
    const { buffer, byteOffset, byteLength } = bytes;
    this.#text = Buffer.from(buffer, byteOffset, byteLength).toString('base64');
  }

  /** The text for devalue, which takes an empty one for nothing: "=" stands for no bytes. */
  textOf(kind: 'Buffer' | 'Uint8Array'): string | undefined {
    return kind === this.kind ? this.#text || '=' : undefined;
  }
}
