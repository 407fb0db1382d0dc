import { createHash } from 'node:crypto';
import type { Redis } from 'ioredis';
import type { Random } from '../soak/random.js';

const LIVES_MILLISECONDS = 3_600_000;
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

export const registrations = ['shop', 'admin', 'api'] as const;
export type Registration = (typeof registrations)[number];

/** What no answer to the attacker may hold. */
export const VICTIMS_DATA = 'the-data-of-the-victim';

export interface Credential {
  readonly id: string;
  readonly secret: string;
}

/** Who has a session: the attacker one in each registration, and the victim. */
export interface People {
  readonly attacker: Readonly<Record<Registration, Credential>>;
  readonly victim: Readonly<Record<Registration, Credential>>;
}

export function applicationName(registration: Registration): string {
  return `fuzz-${registration}`;
}

export function dataKey(registration: Registration, id: string): string {
  return `{${applicationName(registration)}_${id}}_Data`;
}

export function textOf({ id, secret }: Credential): string {
  return `${id}.${secret}`;
}

export function hashOf({ secret }: Credential): string {
  return createHash('sha256').update(secret).digest('base64url');
}

export function randomCredential(random: Random): Credential {
  const draw = (length: number): string =>
    Array.from({ length }, () => BASE64URL[random.integer(0, 63)]).join('');
  return { id: draw(22), secret: draw(43) };
}

/** Makes all of them. The same randomness makes the same credentials. */
export async function makePeople(redis: Redis, random: Random): Promise<People> {
  const everywhere = async (attribute: string): Promise<Record<Registration, Credential>> => {
    const made = registrations.map(async (registration) => {
      const credential = randomCredential(random);
      await store(redis, registration, credential, { owner: JSON.stringify(registration), attribute });
      return [registration, credential] as const;
    });
    return Object.fromEntries(await Promise.all(made)) as Record<Registration, Credential>;
  };
  return { attacker: await everywhere('"mine"'), victim: await everywhere(JSON.stringify(VICTIMS_DATA)) };
}

export async function store(
  redis: Redis,
  registration: Registration,
  credential: Credential,
  fields: Record<string, string | Buffer>,
): Promise<void> {
  const key = dataKey(registration, credential.id);
  const metadata = { ':secret': hashOf(credential), ':created': String(Date.now()) };
  await redis.hset(key, { ...metadata, ...fields });
  await redis.pexpire(key, LIVES_MILLISECONDS);
}
