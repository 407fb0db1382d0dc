import { deepStrictEqual } from 'node:assert/strict';
import { afterAll, beforeAll, describe, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { SessionRepository } from 'nestjs-redis-session';
import { found, repositoryOf, stores, type AnySession, type StoreUnderTest } from './session-fixture.js';

type Attributes = Record<string, unknown>;

/** What a session should contain: as the request sees it, as it was loaded, and as it is stored now. */
class Model {
  stored: Attributes = {};
  seen: Attributes = {};
  #loaded: Attributes = {};

  load(): void {
    this.seen = structuredClone(this.stored);
    this.#loaded = structuredClone(this.stored);
  }

  /** Writes only what differs from what was loaded. */
  save(): void {
    for (const key of new Set([...Object.keys(this.#loaded), ...Object.keys(this.seen)])) {
      if (JSON.stringify(this.#loaded[key]) === JSON.stringify(this.seen[key])) continue;
      for (const target of [this.stored, this.#loaded]) {
        if (key in this.seen) target[key] = structuredClone(this.seen[key]);
        else delete target[key];
      }
    }
  }
}

interface Real {
  sessions: SessionRepository;
  session: AnySession;
}
type Step = (model: Model, real: Real) => void | Promise<void>;
interface NamedStep {
  run: Step;
  toString: () => string;
}

const name = fc.constantFrom('a', 'b', 'cart', '', '0', 'then', 'toJSON', 'größe', 'two words');
const value = fc.oneof(
  // JSON has no -0.
  fc.jsonValue({ maxDepth: 3 }).map((json) => JSON.parse(JSON.stringify(json)) as unknown),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(null, 0, '', false, [], {}),
);

const step = (text: string, run: Step): NamedStep => ({ run, toString: () => text });

const steps = fc.array(
  fc.oneof(
    fc.tuple(name, value).map(([key, given]) =>
      step(`session[${JSON.stringify(key)}] = ${JSON.stringify(given)}`, (model, { session }) => {
        model.seen[key] = structuredClone(given);
        session[key] = structuredClone(given);
      }),
    ),
    name.map((key) =>
      step(`delete session[${JSON.stringify(key)}]`, (model, { session }) => {
        delete model.seen[key];
        delete session[key];
      }),
    ),
    fc.tuple(name, value).map(([key, item]) =>
      step(`put ${JSON.stringify(item)} into session[${JSON.stringify(key)}]`, (model, { session }) => {
        putInto(model.seen[key], structuredClone(item));
        putInto(session[key], structuredClone(item));
      }),
    ),
    name.map((key) =>
      step(`read session[${JSON.stringify(key)}]`, (model, { session }) => {
        if (key in session !== key in model.seen) throw new Error(`in says ${key in session}`);
        assertSame({ [key]: session[key] }, { [key]: model.seen[key] });
      }),
    ),
    fc.constant(step('look at all', (model, { session }) => assertSame(session, model.seen))),
    fc.constant(step('rotate', (_, { session }) => session.rotate())),
    fc.constant(step('touch', (_, { session }) => session.touch())),
    fc.constant(
      step('save', async (model, { session }) => {
        await session.save();
        model.save();
      }),
    ),
    fc.constant(
      step('reload', async (model, { session }) => {
        await session.reload();
        model.load();
      }),
    ),
    fc.constant(
      step('go on in another request', async (model, real) => {
        real.session = await found(real.sessions, real.session.id);
        model.load();
      }),
    ),
    fc.tuple(name, value).map(([key, given]) =>
      step(`another request sets ${JSON.stringify(key)}`, async (model, { sessions, session }) => {
        const other = await found(sessions, session.id);
        other[key] = structuredClone(given);
        await other.save();
        model.stored[key] = structuredClone(given);
      }),
    ),
  ),
  { maxLength: 30 },
);

describe.each(stores)('a session in the %s store, after random operations', (_, open) => {
  let opened: StoreUnderTest;
  beforeAll(async () => {
    opened = await open();
  });
  afterAll(() => opened?.close());

  // oxlint-disable-next-line jest/expect-expect -- fast-check asserts
  it('behaves like a plain object that is copied at each save', async () => {
    const sessions = repositoryOf(opened.store);
    await fc.assert(
      fc.asyncProperty(steps, async (program) => {
        const session = sessions.create() as AnySession;
        await session.save();
        const real = { sessions, session };
        const model = new Model();
        for (const { run } of program) {
          await run(model, real);
          assertSame(await found(sessions, real.session.id), model.stored);
        }
        assertSame(real.session, model.seen);
      }),
      { numRuns: 200 },
    );
  });
});

// Nested, so that only the text shows that the attribute has changed.
function putInto(container: unknown, item: unknown): void {
  if (Array.isArray(container)) container.push(item);
  else if (typeof container === 'object' && container !== null) Object.assign(container, { put: item });
}

function assertSame(session: object, expected: Attributes): void {
  deepStrictEqual(textsOf(session), textsOf(expected));
}

// Redis orders the attributes as it likes; the order inside of each is kept.
function textsOf(attributes: object): string[] {
  return Object.entries(attributes).map((entry) => JSON.stringify(entry)).toSorted(); // prettier-ignore
}
