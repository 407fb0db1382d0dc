import { newWriteId } from '../session/session-credential.js';
import { DeviceKey } from './device-key.js';

const THUMBPRINT_LENGTH = 43;

/** The thumbprint of the key in a stored text. Every request of a bound session needs it, so nothing else is parsed. */
export function thumbprintIn(device: string): string {
  return device.slice(0, THUMBPRINT_LENGTH);
}

/** What a session stores of its device: a key, and how many of its proofs were accepted. */
export class DeviceRecord {
  constructor(
    readonly key: DeviceKey,
    readonly accepted: number,
  ) {}

  /** @returns `undefined` for a text that this version cannot read */
  static parse(device: string): DeviceRecord | undefined {
    const [, accepted = '', , algorithm = '', first, second] = device.split('.');
    const key = DeviceKey.fromParts(algorithm, first, second);
    return key && /^\d+$/.test(accepted) ? new DeviceRecord(key, Number(accepted)) : undefined;
  }

  /** The text of the write that accepts the next proof. No other write has the same text. */
  next(): string {
    const { thumbprint, algorithm, parts } = this.key;
    return [thumbprint, this.accepted + 1, newWriteId(), algorithm, ...parts].join('.');
  }
}
