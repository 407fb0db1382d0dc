import { describe, expect, it } from '@jest/globals';
import { Random } from '../soak/random.js';
import { judge } from './http-judge.js';
import {
  randomCredential,
  registrations,
  textOf,
  VICTIMS_DATA,
  type Credential,
  type People,
} from './people.js';

const random = new Random(1);
const everywhere = (): Record<(typeof registrations)[number], Credential> => ({
  shop: randomCredential(random),
  admin: randomCredential(random),
  api: randomCredential(random),
});
const people: People = { attacker: everywhere(), victim: everywhere() };
const { shop } = people.attacker;
const sent = `cookie: sid=${textOf(shop)}`;

function answer(status: number, body: object, hung = false) {
  return { status, text: `HTTP/1.1 ${status} X\r\n\r\n${JSON.stringify(body)}`, hung };
}

const own = { route: 'shop', isNew: false, id: shop.id, owner: 'shop' };

describe('what an attacker may see', () => {
  it('is their own session on its own route, a new one, and none', () => {
    expect(judge(answer(200, own), sent, people)).toEqual({ faults: [], session: 'shop' });
    const fresh = { route: 'admin', isNew: true, id: 'x' };
    expect(judge(answer(200, fresh), sent, people)).toEqual({ faults: [] });
    expect(judge(answer(404, {}), sent, people)).toEqual({ faults: [] });
  });

  it.each(['admin', 'api', 'public'])('is not that session on the route %s', (route) => {
    expect(judge(answer(200, { ...own, route }), sent, people).faults).toEqual([
      "a registration's session on another's route",
    ]);
  });

  it('is no session of which they have not sent the credential', () => {
    const faults = ['forged credential accepted'];
    expect(judge(answer(200, own), 'cookie: sid=x', people).faults).toEqual(faults);
    const ofVictim = { ...own, id: people.victim.shop.id };
    expect(judge(answer(200, ofVictim), sent, people).faults).toEqual(faults);
  });

  it("is nothing of the victim's, no 5xx that the package did not make, and not nothing at all", () => {
    expect(judge(answer(200, { message: VICTIMS_DATA }), sent, people).faults).toEqual(['foreign data']);
    expect(judge(answer(500, { cause: 'SESSION_DATA' }), sent, people)).toEqual({
      faults: [],
      serverError: 'SESSION_DATA',
    });
    expect(judge(answer(500, { cause: 'TypeError: x' }), sent, people)).toEqual({
      faults: ['unexpected 5xx'],
      serverError: 'TypeError: x',
    });
    expect(judge({ status: undefined, text: '', hung: true }, sent, people).faults).toEqual(['hang']);
  });
});
