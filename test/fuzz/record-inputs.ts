import type { Redis } from 'ioredis';
import type { Random } from '../soak/random.js';
import type { FuzzInput } from './fuzz-input.js';
import type { FuzzTarget } from './fuzz-target.js';
import { HttpInputs } from './http-inputs.js';
import { dataKey, randomCredential, store, textOf, type Credential, type People } from './people.js';
import { anyText, times } from './random-text.js';
import { requestBytes } from './raw-request.js';

const METADATA = [
  ':secret',
  ':created',
  ':idle',
  ':expires',
  ':authenticated',
  ':restarted',
  ':user',
  ':unknown',
  ':',
];
const NUMBERS = [
  '',
  'x',
  '-1',
  '0',
  '1',
  '1.5',
  '1e3',
  '1e999',
  'NaN',
  'Infinity',
  '-0',
  '99999999999999999999',
  '0x10',
  ' 5 ',
];
const ROUTES = [
  ['GET', '/shop/read', ''],
  ['POST', '/shop/write', '{"a":1}'],
  ['POST', '/shop/locked', ''],
] as const;

/** Records in Redis that this package has not written so: wrong types, huge, deep, binary, without metadata. */
export class RecordInputs extends HttpInputs {
  readonly name = 'records';

  constructor(
    target: FuzzTarget,
    people: People,
    private readonly redis: Redis,
  ) {
    super(target, people);
  }

  next(random: Random): FuzzInput {
    const credential = randomCredential(random);
    const fields: Record<string, string | Buffer> = {};
    for (let count = random.integer(1, 4); count > 0; count--) Object.assign(fields, field(random));
    const wrongType = random.chance(0.1) ? random.pick(['set', 'sadd', 'lpush'] as const) : undefined;
    const without = random.chance(0.2) ? random.pick(METADATA) : undefined;
    const prepare = (): Promise<void> => this.#prepare(credential, fields, wrongType, without);
    const [method, path, body] = random.pick(ROUTES);
    const bytes = requestBytes(method, path, [`cookie: sid=${textOf(credential)}`], body);
    const input = this.input(random, bytes, { own: [credential], prepare });
    const record = JSON.stringify({ ...fields, wrongType, without });
    return { ...input, text: `${record} ${input.text}`, bytes: input.bytes + record.length };
  }

  async #prepare(
    credential: Credential,
    fields: Record<string, string | Buffer>,
    wrongType: 'set' | 'sadd' | 'lpush' | undefined,
    without: string | undefined,
  ): Promise<void> {
    const key = dataKey('shop', credential.id);
    await this.redis.del(key);
    if (wrongType) return void (await this.redis.call(wrongType, key, 'x'));
    await store(this.redis, 'shop', credential, fields);
    if (without !== undefined) await this.redis.hdel(key, without);
  }
}

function field(random: Random): Record<string, string | Buffer> {
  if (random.chance(0.35)) return { [random.pick(METADATA)]: random.pick([...NUMBERS, anyText(random)]) };
  const name = random.pick([
    'attribute',
    'count',
    'written',
    '__proto__',
    'constructor',
    'id',
    'save',
    'toString',
    anyText(random),
  ]);
  return { [name]: value(random) };
}

function value(random: Random): string | Buffer {
  const size = random.pick([1, 10, 100, 1000, 10_000]);
  return random.pick([
    () => anyText(random),
    () =>
      random.pick([
        '',
        '{',
        '"',
        'undefined',
        'NaN',
        '1e999',
        '-0',
        '[,]',
        '{"a":1',
        'nul',
        '\uFEFF1',
        '{"__proto__":{"polluted":1}}',
      ]),
    () => '['.repeat(size) + ']'.repeat(size),
    () => `${'{"a":'.repeat(size)}1${'}'.repeat(size)}`,
    () => JSON.stringify('x'.repeat(size * 10)),
    () =>
      JSON.stringify(
        Object.fromEntries(Array.from({ length: size / 10 }, (_, index) => [`k${index}`, index])),
      ),
    () =>
      Buffer.from(
        times(random.integer(1, 40), () => String.fromCharCode(random.integer(0, 255))),
        'latin1',
      ),
    () => `{"toJSON":1,"then":2,"constructor":null,"length":${size}}`,
  ])();
}
