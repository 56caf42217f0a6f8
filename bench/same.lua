-- SPDX-License-Identifier: Apache-2.0
-- The same token in every request.
local made

function init()
  local file = assert(io.open(os.getenv("BENCH_TOKENS")))
  made = wrk.format("GET", "/customer/1", { ["Authorization"] = "Bearer " .. file:read("*l") })
  file:close()
end

function request()
  return made
end
