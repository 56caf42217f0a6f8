-- SPDX-License-Identifier: Apache-2.0
-- A call with the Authorization header that is the first line of BENCH_REQUEST.
for line in io.lines(os.getenv("BENCH_REQUEST")) do
  wrk.headers["Authorization"] = line
  break
end
