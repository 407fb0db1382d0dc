import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { anchors, exists } from './readme.js';

const security = readFileSync(new URL('../../SECURITY.md', import.meta.url), 'utf8');

describe('SECURITY.md', () => {
  it('links to places that exist', () => {
    const targets = [...security.matchAll(/\]\(([^)]+)\)/g)].map(([, target]) => target!.split('#'));
    expect(targets.length).toBeGreaterThan(5);
    const missing = targets.filter(
      ([file, anchor]) => !exists(file!) || (anchor !== undefined && !anchors().includes(anchor)),
    );
    expect(missing).toEqual([]);
  });
});
