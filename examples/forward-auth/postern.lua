-- HAProxy asks Postern by core.httpclient (HAProxy 2.5 or later).
-- postern.yaml: forward_auth: {address: 127.0.0.1:9903, form: original, trusted_proxies: 127.0.0.1}
local POSTERN = "http://127.0.0.1:9903/_postern/authorize"
-- Every name of forward.headers, in lower case.
local NAMES = {"x-user", "x-roles", "x-scopes", "x-client", "x-issuer"}
-- All that it may see of the request, X-Forwarded-Proto as haproxy.cfg sets it. Cookies and what browsers
-- say of a WebSocket are for tokens in other places than Authorization.
local SHOWN = {"host", "x-forwarded-proto", "authorization", "cookie", "origin", "sec-websocket-key", "sec-websocket-protocol"}
-- Of the connection to Postern, not of its answer.
local OWN = {["connection"] = true, ["content-length"] = true, ["transfer-encoding"] = true, ["x-postern-status"] = true}

-- The refusal as it would be without a gateway: the true status is in X-Postern-Status.
local function refuse(txn, got)
  local status = got.headers["x-postern-status"]
  local reply = txn:reply{status = status and tonumber(status[0]) or got.status}
  for name, values in pairs(got.headers) do
    for i = 0, OWN[name] and -1 or #values do reply:add_header(name, values[i]) end
  end
  reply:set_body(got.body)
  txn:done(reply)
end

core.register_action("postern", {"http-req"}, function(txn)
  local ask = {
    ["x-original-method"] = {txn.sf:method()},
    ["x-original-uri"] = {txn.sf:pathq()},
    ["x-forwarded-for"] = {txn.sf:src()},
  }
  -- Every line of each: two of Authorization are refused.
  local headers = txn.http:req_get_headers()
  for _, name in ipairs(SHOWN) do
    local values = headers[name]
    if values then ask[name] = {} end
    for i = 0, values and #values or -1 do table.insert(ask[name], values[i]) end
  end
  local got = core.httpclient():get{url = POSTERN, headers = ask, timeout = 5000}
  if not got or got.status == 0 then return end
  if got.status ~= 200 then return refuse(txn, got) end
  for _, name in ipairs(NAMES) do
    txn.http:req_del_header(name)
    local values = got.headers[name]
    if values and values[0] ~= "" then txn.http:req_set_header(name, values[0]) end
  end
  txn.http:req_del_header("authorization")
  txn:set_var("txn.postern_allows", true)
end)
