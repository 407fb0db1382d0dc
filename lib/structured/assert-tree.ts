import { tooDeepToRead } from '../shared.js';

// What devalue writes instead of an index: undefined, NaN, Infinity, -Infinity and -0. It has others for empty slots and
// sparse arrays, which are never written here: a short text could claim a huge array.
const CONSTANTS = new Set<unknown>([-1, -3, -4, -5, -6]);

/**
 * Checks that a text holds only what `structuredCopy` lets through, each object once. devalue would follow an index as
 * often as it occurs, and as deep as the chain goes.
 * @param flat devalue's format: a list of values that refer to each other by index, the outermost first
 * @throws SessionDataError if it is nested too deeply. SyntaxError for anything else that was not written here.
 */
export function assertTree(
  flat: unknown,
  attribute: string,
  maxDepth: number,
): asserts flat is number | unknown[] {
  if (!Array.isArray(flat)) return assertThat(CONSTANTS.has(flat));
  const seen = new Set<unknown>();

  const check = (index: unknown, depth: number): void => {
    if (CONSTANTS.has(index)) return;
    assertThat(Number.isInteger(index) && (index as number) >= 0 && (index as number) < flat.length);
    const value = flat[index as number] as unknown;
    if (typeof value !== 'object' || value === null) return;
    if (isLeaf(value)) return;
    assertThat(!seen.has(value));
    seen.add(value);
    if (depth === maxDepth) throw tooDeepToRead(attribute, maxDepth);
    for (const item of itemsOf(value)) check(item, depth + 1);
  };

  const isLeaf = (value: object): boolean => {
    if (!Array.isArray(value) || value.length !== 2) return false;
    const [tag, content] = value as [unknown, unknown];
    if (tag === 'BigInt') assertThat(typeof content === 'string' && /^-?\d+$/.test(content));
    else if (tag === 'Date') assertThat(typeof content === 'string');
    else if (tag === 'Buffer' || tag === 'Uint8Array')
      assertThat(Number.isInteger(content) && typeof flat[content as number] === 'string');
    else return false;
    return true;
  };

  check(0, 0);
}

/** The indexes that a container refers to. */
function itemsOf(value: object): unknown[] {
  if (!Array.isArray(value)) {
    assertThat(!Object.hasOwn(value, '__proto__'));
    return Object.values(value);
  }
  if (typeof value[0] !== 'string') return value;
  assertThat(value[0] === 'Set' || (value[0] === 'Map' && value.length % 2 === 1));
  return value.slice(1);
}

function assertThat(holds: boolean): asserts holds {
  if (!holds) throw new SyntaxError('This is not a text of structuredSerializer().');
}
