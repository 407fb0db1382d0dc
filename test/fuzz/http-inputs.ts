import type { Random } from '../soak/random.js';
import type { FuzzInput } from './fuzz-input.js';
import type { FuzzTarget } from './fuzz-target.js';
import { judge } from './http-judge.js';
import type { Credential, People } from './people.js';
import { rawRequest } from './raw-request.js';

/** What inputs over HTTP have in common: one request to one of the applications. */
export abstract class HttpInputs {
  abstract readonly name: string;

  constructor(
    protected readonly target: FuzzTarget,
    protected readonly people: People,
  ) {}

  cpu(): Promise<number> {
    return this.target.cpu();
  }

  protected input(
    random: Random,
    bytes: string,
    { own, prepare }: { own?: Credential[]; prepare?: () => Promise<unknown> } = {},
  ): FuzzInput {
    const index = random.integer(0, this.target.applications.length - 1);
    const { name } = this.target.applications[index]!;
    return {
      text: `${name}: ${bytes}`,
      bytes: bytes.length,
      run: async () => {
        await prepare?.();
        // A program that was started again has other ports.
        const { port } = this.target.applications[index]!;
        return judge(await rawRequest(port, bytes), bytes, this.people, own);
      },
    };
  }
}
