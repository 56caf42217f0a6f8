-- SPDX-License-Identifier: Apache-2.0
-- A token request: the first line of BENCH_REQUEST is the Authorization header, the second the form.
local lines = {}
for line in io.lines(os.getenv("BENCH_REQUEST")) do lines[#lines + 1] = line end

wrk.method = "POST"
wrk.headers["Authorization"] = lines[1]
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"
wrk.body = lines[2]
