import { parseArgs } from 'node:util';

const lists = { cases: '', routes: '', connections: '1,64', distances: 'near' };
const numbers = { rounds: 5, seconds: 1, warmup: 1, sessions: 1000 };

const texts = mapValues({ ...lists, ...numbers }, () => ({ type: 'string' }));

const help = `npm run bench -- [flags]
  --quick               checks in a few seconds that everything runs; ignore its figures
  --cases a,b           names or parts of names (see cases.mjs); the ceilings always run; default: all but ioredis 5
  --routes a,b          names of routes (see routes.mjs)
  --connections 1,64
  --distances near,far  near: Redis on loopback; far: a proxy adds 0.5 ms to every round trip; default: near
  --rounds 5  --seconds 1  --warmup 1  --sessions 1000
  --dist directory      the build to measure; default: dist/esm
  --candidate name=dist another build of the package to compare; can be repeated
  --load wrk|autocannon default: wrk if it is on the PATH
  --profile directory   CPU profiles of the servers
  --json file           default: bench/results/latest.json`;

/** Parses the command line and adds the defaults. */
export function readFlags(args = process.argv.slice(2)) {
  const { values } = parseArgs({
    args,
    options: {
      quick: { type: 'boolean' },
      help: { type: 'boolean' },
      candidate: { type: 'string', multiple: true },
      load: { type: 'string' },
      profile: { type: 'string' },
      dist: { type: 'string' },
      json: { type: 'string' },
      ...texts,
    },
  });
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  const given = values.quick ? { ...quickRun, ...values } : values;
  return {
    ...given,
    ...mapValues(lists, (text, name) => split(given[name] ?? text)),
    ...mapValues(numbers, (number, name) => positive(name, given[name] ?? number)),
    candidates: (given.candidate ?? []).map((text) => text.split('=')),
  };
}

const quickRun = {
  routes: 'change',
  distances: 'near',
  connections: '16',
  rounds: '1',
  seconds: '0.2',
  warmup: '0.1',
  sessions: '20',
  load: 'autocannon',
};

function split(text) {
  return text === '' ? [] : text.split(',');
}

function positive(name, text) {
  const number = Number(text);
  if (number > 0 && number <= 10_000) return number;
  throw new RangeError(`--${name} is ${text}; expected a number above 0 and up to 10000.`);
}

function mapValues(object, change) {
  return Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value, name)]));
}
