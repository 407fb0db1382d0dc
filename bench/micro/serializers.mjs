import { compare, repeated } from '../parts/timing.mjs';
import { largeSession, smallSession } from '../parts/session-data.mjs';
import { jsonSerializer } from '../../dist/esm/index.js';
import { structuredSerializer } from '../../dist/esm/structured/index.js';

// Decision: values that JSON carries stay JSON, so that both serializers read them; and JSON is faster.
// superjson and seroval are compared if they are installed: npm install --no-save superjson seroval
const { parse, stringify } = await import('devalue');
const superjson = await import('superjson').catch(() => undefined);
const seroval = await import('seroval').catch(() => undefined);
const structured = structuredSerializer();

const rich = {
  seen: new Date(0),
  prices: new Map(
    Array.from({ length: 20 }, (_, at) => [`sku-${at}`, { cents: BigInt(at), at: new Date(at) }]),
  ),
  tags: new Set(['tea', 'milk']),
};
const values = { small: smallSession(), '10 KB': largeSession(), 'Map, Set, Date, BigInt': rich };

for (const [size, value] of Object.entries(values)) {
  const isRich = value === rich;
  const pairs = {
    ...(isRich
      ? {}
      : {
          'strict JSON': [
            (it) => jsonSerializer.serialize(it, 'a'),
            (it) => jsonSerializer.deserialize(it, 'a'),
          ],
        }),
    structured: [(it) => structured.serialize(it, 'a'), (it) => structured.deserialize(it, 'a')],
    'devalue as it is': [stringify, parse],
    ...(superjson && { superjson: [superjson.stringify, superjson.parse] }),
    ...(seroval && {
      'seroval (JSON)': [
        (it) => JSON.stringify(seroval.toJSON(it)),
        (it) => seroval.fromJSON(JSON.parse(it)),
      ],
    }),
  };
  for (const [name, [write]] of Object.entries(pairs))
    console.log(`${size}, ${name}: ${write(value).length} characters`);
  await compare(
    `write and read ${size}`,
    Object.fromEntries(
      Object.entries(pairs).map(([name, [write, read]]) => [name, repeated(() => read(write(value)))]),
    ),
    size === 'small' ? 2000 : 100,
  );
}
