import type { Random } from '../soak/random.js';
import { credentialText } from './cookie-inputs.js';
import type { FuzzInput } from './fuzz-input.js';
import { HttpInputs } from './http-inputs.js';
import { textOf } from './people.js';
import { mutated, randomText } from './random-text.js';
import { requestBytes } from './raw-request.js';

const SCHEMES = [
  'Bearer ',
  'Bearer ',
  'Bearer ',
  'bearer ',
  'BEARER ',
  'Bearer',
  'Bearer  ',
  'Basic ',
  'Bearer\t',
  '',
];

/** Headers that carry a credential, in any form that a client can send. */
export class HeaderInputs extends HttpInputs {
  readonly name = 'headers';

  next(random: Random): FuzzInput {
    const names = ['authorization', 'Authorization', 'AUTHORIZATION', 'authorization'];
    const headers = Array.from(
      { length: random.integer(1, 3) },
      () => `${random.pick(names)}: ${this.#value(random)}`,
    );
    const path = random.pick(['/api/me', '/api/me', '/api/me', '/shop/read', '/admin/users']);
    return this.input(random, requestBytes(random.pick(['GET', 'GET', 'POST', 'HEAD']), path, headers));
  }

  #value(random: Random): string {
    const isRight = random.chance(0.3);
    const credential = isRight ? textOf(this.people.attacker.api) : credentialText(random, this.people);
    const value = random.pick(SCHEMES) + credential;
    const odd = random.next();
    if (odd < 0.6) return value;
    if (odd < 0.7) return `${value}, ${value}`;
    return odd < 0.9 ? mutated(random, value) : randomText(random);
  }
}
