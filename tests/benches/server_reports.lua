-- wrk: reports whose object ids are all different, in front of one sealed object that was made before.
-- Arguments after `--`: the file with everything of an envelope behind its id, and a seed. Prints one JSON object.

local threads = 0

function setup(thread)
  threads = threads + 1
  thread:set("number", threads)
end

function init(args)
  local file = assert(io.open(args[1], "rb"))
  rest = file:read("*a")
  file:close()
  math.randomseed(tonumber(args[2]) * 1000 + number)
end

local function random_bytes(count)
  local bytes = {}
  for i = 1, count do bytes[i] = string.char(math.random(0, 255)) end
  return table.concat(bytes)
end

function request()
  return wrk.format("POST", "/reports", nil, random_bytes(16) .. rest)
end

function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "max_ms": %.3f, "failures": %d}\n',
    summary.requests, summary.duration / 1e6, latency:percentile(50) / 1000, latency:percentile(99) / 1000,
    latency.max / 1000, e.connect + e.read + e.write + e.status + e.timeout))
end
