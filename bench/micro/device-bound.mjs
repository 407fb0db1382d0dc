import {
  createHmac,
  createSecretKey,
  generateKeyPairSync,
  hash,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { BoundCookie } from '../../dist/esm/dbsc/bound-cookie.js';
import { DeviceKey } from '../../dist/esm/dbsc/device-key.js';
import { DeviceRecord } from '../../dist/esm/dbsc/device-record.js';
import { dbsc } from '../../dist/esm/dbsc/index.js';
import { MacKeys } from '../../dist/esm/dbsc/mac-keys.js';
import { recordOf } from '../../dist/esm/redis/session-record.js';
import { compare, repeated } from '../parts/timing.mjs';

// Decision: one HMAC-SHA-256 for each request of a bound session, nothing kept between requests. The whole judgement costs
// less than 3 us.
const secret = randomBytes(32);
const cookie = { name: 'sid', path: '/', secure: true, httpOnly: true, sameSite: 'lax', partitioned: false };
const hook = dbsc({ mode: 'enforce', keys: [secret] }).create({
  name: undefined,
  applicationName: 'bench',
  operations: {},
  resolver: {},
  cookie,
  canBind: true,
});
const id = randomBytes(16).toString('base64url');
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const key = DeviceKey.fromJwk('ES256', publicKey.export({ format: 'jwk' }));
const device = new DeviceRecord(key, 0).next();
const bound = new BoundCookie('sid-device', cookie, new MacKeys([secret], 'cookies of bench'));
const value = bound.issue(id, key.thumbprint, 600).split(';')[0];
const headers = { cookie: `theme=dark; sid=${id}.${randomBytes(32).toString('base64url')}; ${value}` };
const core = { id, device, deviceBound: undefined, indexed: undefined };
if (!hook.admits(core, headers) || core.deviceBound !== 'bound')
  throw new Error('The cookie is not accepted.');

await compare('what a request of a bound session costs more', {
  'the judgement of a bound session': repeated(() => hook.admits(core, headers)),
  'that of a session without a key': repeated(() =>
    hook.admits({ id, device: undefined, indexed: undefined }, { cookie: 'theme=dark' }),
  ),
});

const fields = [':secret', 'x'.repeat(43), ':created', '1700000000000', ':user', '1', 'user', '1'];
await compare('the record with one field more', {
  'without a device': repeated(() => recordOf(id, fields)),
  'with a device': repeated(() => recordOf(id, [...fields, ':device', device])),
});

const hmacKey = createSecretKey(secret);
const text = `dmwr254w9.${id}.${key.thumbprint}`;
const kept = createHmac('sha256', hmacKey).update(text).digest('base64url');
const inner = Buffer.alloc(64 + 256, 0x36);
const outer = Buffer.alloc(64 + 32, 0x5c);
for (let n = 0; n < secret.length; n++) {
  inner[n] ^= secret[n];
  outer[n] ^= secret[n];
}
await compare('one HMAC-SHA-256, compared in constant time', {
  createHmac: repeated(() =>
    timingSafeEqual(
      Buffer.from(createHmac('sha256', hmacKey).update(text).digest('base64url')),
      Buffer.from(kept),
    ),
  ),
  'two one-shot hashes (RFC 2104 by hand)': repeated(() => {
    const length = inner.latin1Write(text, 64);
    outer.latin1Write(hash('sha256', inner.subarray(0, 64 + length), 'latin1'), 64);
    return timingSafeEqual(Buffer.from(hash('sha256', outer, 'base64url')), Buffer.from(kept));
  }),
});
