import type { TcpProxy } from '../support/tcp-proxy.js';
import { aMoment, aWhile, lastingFault, type Fault } from './fault.js';
import type { Random } from './random.js';

/** What can go wrong on the lines between one application and the servers of Redis: on all of them at once. */
export function networkFaults(proxies: readonly TcpProxy[]): Fault[] {
  const reset = (): Promise<unknown> => Promise.all(proxies.map((proxy) => proxy.reset()));
  const lasting = (
    name: string,
    begin: (proxy: TcpProxy, random: Random) => unknown,
    last?: typeof aMoment,
  ): Fault =>
    lastingFault(
      name,
      async (random) => {
        await Promise.all(proxies.map((proxy) => begin(proxy, random)));
        return reset;
      },
      last,
    );
  const cut = (how: 'end' | 'reset'): void => {
    for (const proxy of proxies) proxy.cut(how);
  };
  return [
    lasting('line: delay', (proxy, random) => proxy.delay(random.integer(1, 60))),
    lasting('line: frozen', (proxy) => proxy.freeze()),
    lasting('line: frozen for seconds', (proxy) => proxy.freeze(), aWhile),
    lasting('line: narrow', (proxy, random) => proxy.bandwidth(random.integer(2_000, 50_000))),
    lasting('line: black hole', (proxy) => proxy.blackhole()),
    lasting('line: black hole for seconds', (proxy) => proxy.blackhole(), aWhile),
    lasting('line: cut, refused', async (proxy) => {
      await proxy.refuse();
      proxy.cut();
    }),
    { name: 'line: cut', weight: 3, run: async () => cut('end') },
    { name: 'line: reset', weight: 3, run: async () => cut('reset') },
    {
      name: 'line: cut mid-reply',
      weight: 3,
      run: async (random) => {
        const cuts = cutsOf(proxies);
        for (const proxy of proxies) proxy.cutMidReply(random.integer(1, 400));
        await aMoment(random);
        await reset();
        return cutsOf(proxies) > cuts;
      },
    },
  ];
}

function cutsOf(proxies: readonly TcpProxy[]): number {
  return proxies.reduce((sum, { cuts }) => sum + cuts, 0);
}
