import type { TcpProxy } from '../support/tcp-proxy.js';
import { aMoment, aWhile, lastingFault, type Fault } from './fault.js';
import type { Random } from './random.js';

/** What can go wrong on the line between one application and Redis. */
export function networkFaults(proxy: TcpProxy): Fault[] {
  const short = (name: string, begin: (random: Random) => unknown): Fault =>
    lastingFault(name, async (random) => {
      await begin(random);
      return () => proxy.reset();
    });
  return [
    short('line: delay', (random) => proxy.delay(random.integer(1, 60))),
    short('line: frozen', () => proxy.freeze()),
    short('line: narrow', (random) => proxy.bandwidth(random.integer(2_000, 50_000))),
    short('line: black hole', () => proxy.blackhole()),
    lastingFault(
      'line: black hole for seconds',
      async () => {
        proxy.blackhole();
        return () => proxy.reset();
      },
      aWhile,
    ),
    short('line: cut, refused', async () => {
      await proxy.refuse();
      proxy.cut();
    }),
    { name: 'line: cut', weight: 3, run: async () => proxy.cut('end') },
    { name: 'line: reset', weight: 3, run: async () => proxy.cut('reset') },
    {
      name: 'line: cut mid-reply',
      weight: 3,
      run: async (random) => {
        const { cuts } = proxy;
        proxy.cutMidReply(random.integer(1, 400));
        await aMoment(random);
        await proxy.reset();
        return proxy.cuts > cuts;
      },
    },
  ];
}
