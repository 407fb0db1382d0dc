import { createHash } from 'node:crypto';
import { compare, repeated } from '../parts/timing.mjs';
import { largeSession, smallSession } from '../parts/session-data.mjs';

// Decision: compare the text of each used attribute with its loaded text. Digests of the whole session before and after, as
// the peers take them, cost 6 times as much for a small session and 30 times for 10 KB.
for (const [size, data] of Object.entries({ small: smallSession(), '10 KB': largeSession() })) {
  const whole = JSON.stringify(data);
  const texts = new Map(Object.entries(data).map(([name, value]) => [name, JSON.stringify(value)]));
  await compare(
    `read one attribute of a ${size} session and find that nothing changed`,
    {
      'parse and compare the text of that attribute': repeated(() => {
        const text = texts.get('user');
        return JSON.stringify(JSON.parse(text)) === text;
      }),
      'parse all, digest all twice': repeated(() => {
        const session = JSON.parse(whole);
        return digest(session) === digest(session);
      }),
    },
    5000,
  );
}

function digest(session) {
  return createHash('sha256').update(JSON.stringify(session)).digest('hex');
}
