import { afterAll, beforeAll, describe } from '@jest/globals';
import type { SessionStoreHarness } from './contract-harness.js';
import { describeAttributes } from './attributes.contract.js';
import { describeDevice } from './device.contract.js';
import { describeAuthentication } from './authentication.contract.js';
import { describeExpiry } from './expiry.contract.js';
import { describeIndexLocks } from './index-locks.contract.js';
import { describeIndex } from './index.contract.js';
import { describeLife } from './life.contract.js';
import { describeLocks } from './locks.contract.js';
import { describeRepeatedWrites } from './repeated-writes.contract.js';
import { describeSecrets } from './secret.contract.js';
import { describeRotation } from './rotation.contract.js';

export type { SessionStoreHarness } from './contract-harness.js';

/** The contract without locks. */
export const withoutLocks = [
  describeLife,
  describeAttributes,
  describeRotation,
  describeSecrets,
  describeRepeatedWrites,
  describeDevice,
  describeExpiry,
  describeAuthentication,
  describeIndex,
  describeIndexLocks,
];

/**
 * The contract of every `SessionStore`. All tests share one harness, and each has its own sessions.
 *
 * @example
 * describeSessionStore('MyStore', async () => ({ store, other, elapse, close }));
 */
export function describeSessionStore(
  name: string,
  createHarness: () => Promise<SessionStoreHarness>,
  parts = [...withoutLocks, describeLocks],
): void {
  describe(`${name}, as a session store`, () => {
    let harness: SessionStoreHarness;
    beforeAll(async () => {
      harness = await createHarness();
    });
    afterAll(async () => {
      await harness?.close();
    });

    for (const describePart of parts) describePart(() => harness);
  });
}
