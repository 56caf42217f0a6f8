-- SPDX-License-Identifier: Apache-2.0
-- Another token in every request, in turn, from the line BENCH_FIRST on.
local made, next = {}, tonumber(os.getenv("BENCH_FIRST") or 0)

function init()
  for token in io.lines(os.getenv("BENCH_TOKENS")) do
    made[#made + 1] = wrk.format("GET", "/customer/1", { ["Authorization"] = "Bearer " .. token })
  end
end

function request()
  next = next % #made + 1
  return made[next]
end
