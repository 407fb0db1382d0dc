import { BlockList, isIP } from 'node:net';

// RFC 1918, 4193, 6598 (carriers' networks, which clouds use inside), 3927 and 4291: loopback, private and link-local.
const privateNetworks = new BlockList();
for (const [network, bits] of [
  ['127.0.0.0', 8],
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv4');
for (const [network, bits] of [
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
] as const)
  privateNetworks.addSubnet(network, bits, 'ipv6');

/** Whether packets to this IP address stay in a private network. @returns `undefined` if it is no IP address */
export function isPrivateAddress(address: string): boolean | undefined {
  const plain = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '');
  const version = isIP(plain);
  if (version === 0) return undefined;
  return privateNetworks.check(plain, version === 4 ? 'ipv4' : 'ipv6');
}
