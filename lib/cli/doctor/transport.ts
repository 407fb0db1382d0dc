import type { Finding } from './finding.js';
import { isPrivateAddress } from './private-address.js';

const NAME = 'encryption';

/** Whether the way to Redis is encrypted if it needs to be. @param address the IP address that was connected to */
export function checkTransport(ssl: boolean, host: string, address: string): Finding {
  if (ssl) return { name: NAME, status: 'ok', seen: 'the connection uses TLS', todo: '' };
  const isPrivate = isPrivateAddress(address);
  if (isPrivate === undefined)
    return {
      name: NAME,
      status: 'unknown',
      seen: `the connection is not encrypted, and the address of ${host} is not known`,
      todo: 'Set ssl to true (rediss://) unless the network is private.',
    };
  if (isPrivate)
    return { name: NAME, status: 'ok', seen: `not encrypted, in a private network (${address})`, todo: '' };
  return {
    name: NAME,
    status: 'problem',
    seen: `the connection to ${host} is not encrypted, and ${address} is a public address: the password and all sessions can be read on the way`,
    todo: 'Set ssl to true (rediss://), and turn TLS on at the server.',
  };
}
