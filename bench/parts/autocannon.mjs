import { readFileSync } from 'node:fs';
import autocannon from 'autocannon';

const [url, connections, seconds, file] = process.argv.slice(2);
const cookies = readFileSync(file, 'utf8').split('\n').slice(0, -1);
const requests = cookies.length === 0 ? [{}] : cookies.map((cookie) => ({ headers: { cookie } }));

// As wrk does, each connection sends the cookies of other sessions.
let started = 0;
function setupClient(client) {
  const first = Math.floor((requests.length * started++) / Number(connections));
  client.setRequests([...requests.slice(first), ...requests.slice(0, first)]);
}

const result = await autocannon({ url, connections: Number(connections), duration: Number(seconds), requests, setupClient }); // prettier-ignore
const failed = result.errors + result.timeouts + result.non2xx;
console.log(
  `\n${JSON.stringify({ requests: result.requests.total, seconds: result.duration, p50: result.latency.p50, p99: result.latency.p99, failed })}`,
);
