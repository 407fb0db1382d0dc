/** Measures one cell: requests to one route of one server for some seconds, and their cost on each side. */
export async function measure({ process, url, cookies }, redis, load, route, connections, flags) {
  const target = url + route.path;
  const before = { cpu: await process.cpu(), redis: await redis.spent() };
  const { requests, seconds, p50, p99 } = await load.run(target, cookies[route.cookies], connections, flags.seconds); // prettier-ignore
  const after = { cpu: await process.cpu(), redis: await redis.spent() };
  const perRequest = (name) => (after.redis[name] - before.redis[name]) / requests;
  return {
    rate: requests / seconds,
    p50,
    p99,
    serverCpu: (after.cpu - before.cpu) / requests,
    redisCpu: perRequest('cpu'),
    commands: perRequest('commands'),
    bytesIn: perRequest('bytesIn'),
    bytesOut: perRequest('bytesOut'),
  };
}
