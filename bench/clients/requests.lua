-- SPDX-License-Identifier: Apache-2.0
-- Requests with the first BENCH_TAKE tokens of the file BENCH_TOKENS in turn, from the one after
-- BENCH_FIRST on; with BENCH_UPLOAD each carries a body of so many bytes.
local made, next = {}, tonumber(os.getenv("BENCH_FIRST"))

function init()
  local take, upload = tonumber(os.getenv("BENCH_TAKE")), tonumber(os.getenv("BENCH_UPLOAD"))
  local body = upload > 0 and string.rep("x", upload) or nil
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    made[#made + 1] = wrk.format(body and "POST" or "GET", nil, { ["Authorization"] = "Bearer " .. token }, body)
    if #made == take then break end
  end
end

function request()
  next = next % #made + 1
  return made[next]
end
