import { randomBytes } from 'node:crypto';

/** A name nobody else uses, for an applicationName or a key prefix: 'shop' becomes 'shop-9f86d081'. */
export function uniqueName(label = 'test'): string {
  return `${label}-${randomBytes(4).toString('hex')}`;
}
