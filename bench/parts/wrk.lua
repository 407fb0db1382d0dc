-- Sends each request with the cookie of the next session, from a file with one cookie per line.
local requests = {}
local at = 0

function init(args)
  for cookie in io.lines(args[1]) do
    requests[#requests + 1] = wrk.format('GET', nil, { Cookie = cookie })
  end
  if #requests == 0 then requests[1] = wrk.format('GET') end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  io.write(string.format('\n{"requests":%d,"seconds":%.6f,"p50":%.4f,"p99":%.4f,"failed":%d}\n', summary.requests,
    summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000, failed))
end
