import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

type HeaderList = OutgoingHttpHeaders | OutgoingHttpHeader[];

/**
 * The arguments of writeHead without the cookies among its headers, which are set instead: headers given to writeHead
 * replace those of the same name that were set before, and ours are to be added.
 */
export function withOurCookies(response: ServerResponse, args: unknown[]): unknown[] {
  const headers = args.findLast((arg) => typeof arg === 'object' && arg !== null) as HeaderList | undefined;
  if (headers === undefined || !response.hasHeader('set-cookie')) return args;
  const [rest, cookies] = takeCookies(headers);
  for (const cookie of cookies) response.appendHeader('set-cookie', cookie);
  return args.map((arg) => (arg === headers ? rest : arg));
}

function takeCookies(headers: HeaderList): [HeaderList, string[]] {
  const pairs = Array.isArray(headers) ? pairsIn(headers) : Object.entries(headers);
  const cookies = pairs
    .filter(isCookie)
    .flatMap(([, value]) => (Array.isArray(value) ? value : [String(value)]));
  const rest = pairs.filter((pair) => !isCookie(pair));
  return [
    Array.isArray(headers) ? rest.flatMap(([name, value]) => [name, value!]) : Object.fromEntries(rest),
    cookies,
  ];
}

// Node takes names and values in turn, and a list of pairs.
function pairsIn(headers: OutgoingHttpHeader[]): (readonly [string, OutgoingHttpHeader])[] {
  if (Array.isArray(headers[0])) return headers as unknown as [string, string][];
  return Array.from(
    { length: headers.length / 2 },
    (_, i) => [String(headers[2 * i]), headers[2 * i + 1]!] as const,
  );
}

function isCookie([name]: readonly [string, unknown]): boolean {
  return name.toLowerCase() === 'set-cookie';
}
