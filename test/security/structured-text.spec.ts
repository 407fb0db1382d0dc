import { describe, expect, it } from '@jest/globals';
import { InMemorySessionStore, SessionDataError } from 'nestjs-redis-session';
import { structuredSerializer } from 'nestjs-redis-session/structured';
import { found, repositoryOf, stored, type RepositoryOptions } from '../session/session-fixture.js';
import { Random } from '../soak/random.js';

const serializer = structuredSerializer();

/** A session whose attribute `hostile` somebody wrote who can write to Redis. */
async function withText(text: string, options: RepositoryOptions = {}) {
  const store = new InMemorySessionStore();
  const sessions = repositoryOf(store, { serializer, ...options });
  const id = await stored(sessions, { other: 1 });
  await store.save(id, {
    attributes: new Map([['hostile', text]]),
    defaultIdleTimeoutInMilliseconds: 60_000,
  });
  return { sessions, id, session: await found(sessions, id) };
}

/** A chain of `levels` arrays, each in the one before. */
const chain = (levels: number) => `st1.[${Array.from({ length: levels }, (_, at) => `[${at + 1}]`).join()},1]`; // prettier-ignore
/** Each array holds the next one twice: 2^levels items for who follows every index. */
const doubling = (levels: number) => `st1.[${Array.from({ length: levels }, (_, at) => `[${at + 1},${at + 1}]`).join()},1]`; // prettier-ignore

const hostile: [what: string, text: string][] = [
  ['nothing', 'st1.'],
  ['no list', 'st1.{}'],
  ['a text', 'st1."x"'],
  ['an empty list', 'st1.[]'],
  ['half a list', 'st1.[[1'],
  ['another version', 'st2.[1]'],
  ['an object that contains itself', 'st1.[{"self":0}]'],
  ['a Map that contains itself', 'st1.[["Map",0,0]]'],
  ['a Set that contains itself', 'st1.[["Set",0]]'],
  ['an object that occurs twice', 'st1.[[1,1],{"a":2},1]'],
  ['2^60 items', doubling(60)],
  ['a sparse array with 4 billion items', 'st1.[[-7,4294967295,4294967294,1],1]'],
  ['an empty slot', 'st1.[[-2]]'],
  ['an index beyond the end', 'st1.[[5]]'],
  ['an index that is a fraction', 'st1.[[0.5]]'],
  ['an index that is a text', 'st1.[["0"]]'],
  ['an index that is the name of a property', 'st1.[{"a":"length"}]'],
  ['the key __proto__', 'st1.[{"__proto__":1},{"polluted":2},true]'],
  ['the key __proto__ of an object without a prototype', 'st1.[["null","__proto__",1],1]'],
  ['a BigInt of something else', 'st1.[["BigInt",{"toString":1}]]'],
  ['a BigInt in another notation', 'st1.[["BigInt","0xff"]]'],
  ['a Date of an object', 'st1.[["Date",{"valueOf":1}]]'],
  ['a Buffer of a number, which would allocate', 'st1.[["Buffer",1],2000000000]'],
  ['a Buffer that contains itself', 'st1.[["Buffer",0]]'],
  ['a Buffer of an inherited property', 'st1.[["Buffer","constructor"]]'],
  ['a Uint8Array of a number', 'st1.[["Uint8Array",1],2000000000]'],
  ['a typed array of an array', 'st1.[["Float64Array",1],[2],1e9]'],
  ['a DataView', 'st1.[["DataView",1],["ArrayBuffer","AA=="]]'],
  ['a regular expression', 'st1.[["RegExp","(a+)+$"]]'],
  ['a URL', 'st1.[["URL","http://169.254.169.254"]]'],
  ['a boxed value', 'st1.[["Object",1],0]'],
  ['an unknown type', 'st1.[["constructor",1],1]'],
  ['a Map with half an entry', 'st1.[["Map",1],1]'],
];

describe('a stored text of the structured serializer that somebody forged', () => {
  it.each(hostile)('is refused by the name of its attribute: %s', async (_, text) => {
    const { session } = await withText(text);
    expect(() => session.hostile as unknown).toThrow(SessionDataError);
    expect(() => session.hostile as unknown).toThrow('attribute "hostile" cannot be read');
    expect(session.other).toBe(1);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each(hostile)('is left out with unreadableAttribute: drop: %s', async (_, text) => {
    const { session } = await withText(text, { unreadableAttribute: 'drop' });
    expect({ ...session }).toEqual({ other: 1 });
  });

  it.each([65, 1000, 100_000])('is not nested deeper than maxDepth: %i levels', async (levels) => {
    const { session } = await withText(chain(levels));
    expect(() => session.hostile as unknown).toThrow('it is nested more than 64 levels deep');
  });

  it('is read up to maxDepth', async () => {
    const { session } = await withText(chain(64));
    expect(JSON.stringify(session.hostile)).toBe(`${'['.repeat(64)}1${']'.repeat(64)}`);
  });

  it('cannot claim to be larger than it is', async () => {
    const { session } = await withText('st1.[["Buffer",1],"AAAA"]');
    expect((session.hostile as Buffer).length).toBe(3);
  });
});

describe('random texts of the structured serializer', () => {
  // prettier-ignore
  const pieces = [
    '[', ']', '{', '}', ',', ':', '"a"', '"__proto__"', '"Map"', '"Set"', '"Date"', '"BigInt"',
    '"Buffer"', '"Uint8Array"', '"null"', '"Object"', '"ArrayBuffer"', '"RegExp"', 'null', 'true',
    '-1', '-2', '-3', '-6', '-7', '0', '1', '2', '3', '4', '1e9', '4294967294', '"12"', '"AAAA"',
  ] as const;

  /** A list of values of the format with wrong parts. */
  function nearlyRight(random: Random): string {
    const size = random.integer(1, 8);
    const index = () => String(random.integer(-7, size));
    const values = Array.from({ length: size }, () => {
      const items = Array.from({ length: random.integer(0, 4) }, index);
      return random.pick([
        () => `[${items.join()}]`,
        () => `{${items.map((item, at) => `"${random.pick(['a', '__proto__', 'b'])}${at || ''}":${item}`).join()}}`, // prettier-ignore
        () => `[${[random.pick(pieces.slice(6, 18)), ...items].join()}]`,
        () => `[${random.pick(['"Date"', '"BigInt"'])},"${random.integer(-5, 5)}"]`,
        () => random.pick(pieces.slice(18)),
      ])();
    });
    return `[${values.join()}]`;
  }
  const anything = (random: Random) =>
    Array.from({ length: random.integer(0, 12) }, () => random.pick(pieces)).join('');

  it.each([
    ['nearly right', nearlyRight, 5000],
    ['anything', anything, 5000],
  ] as const)('are read and written again, or refused: %s', (_, make, runs) => {
    const random = new Random(20_261_122);
    const wrong: string[] = [];
    let read = 0;
    for (let run = 0; run < runs; run++) {
      const text = `st1.${make(random)}`;
      try {
        const value = serializer.deserialize(text, 'hostile', 16);
        read++;
        const again = serializer.serialize(value, 'hostile', 16);
        if (serializer.serialize(serializer.deserialize(again, 'hostile', 16), 'hostile', 16) !== again)
          wrong.push(`${text} changes`);
      } catch (error) {
        const { name } = error as Error;
        if (name !== 'SyntaxError' && name !== 'SessionDataError') wrong.push(`${text}: ${name}`);
      }
    }
    expect(wrong).toEqual([]);
    expect(read).toBeGreaterThan(10);
    expect(Object.keys(Object.prototype)).toEqual([]);
    expect(({} as { a?: unknown }).a).toBeUndefined();
  });
});
