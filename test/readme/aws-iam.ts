import { Sha256 } from '@aws-crypto/sha256-js';
import { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import { formatUrl } from '@aws-sdk/util-format-url';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { RedisSessionModule } from 'nestjs-redis-session';

const signer = new SignatureV4({
  service: 'elasticache',
  region: 'eu-west-1',
  credentials: fromNodeProviderChain(),
  sha256: Sha256,
});

async function iamToken(cache: string, user: string): Promise<string> {
  const request = new HttpRequest({
    protocol: 'http:',
    method: 'GET',
    hostname: cache,
    path: '/',
    headers: { host: cache },
    query: { Action: 'connect', User: user },
  });
  const signed = await signer.presign(request, { expiresIn: 900 });
  return formatUrl(signed).replace('http://', '');
}

export const withIam = () =>
  RedisSessionModule.forRoot({
    cluster: { nodes: [{ host: 'clustercfg.shop.abc123.euw1.cache.amazonaws.com' }] },
    ssl: true,
    credentials: async () => ({
      username: 'shop-user',
      password: await iamToken('shop', 'shop-user'),
      expiresAt: Date.now() + 900_000,
    }),
  });
