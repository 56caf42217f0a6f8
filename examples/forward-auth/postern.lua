-- HAProxy asks Postern by core.httpclient (HAProxy 2.5 or later).
-- postern.yaml: forward_auth: {address: 127.0.0.1:9903, form: original, trusted_proxies: 127.0.0.1}
local POSTERN = "http://127.0.0.1:9903/_postern/authorize"
-- Every name of forward.headers, in lower case.
local NAMES = {"x-user", "x-roles", "x-scopes", "x-client", "x-issuer"}

core.register_action("postern", {"http-req"}, function(txn)
  local ask = {
    ["x-original-method"] = {txn.sf:method()},
    ["x-original-uri"] = {txn.sf:pathq()},
    ["x-forwarded-for"] = {txn.sf:src()},
  }
  -- Nothing else of the client's is passed on. All its lines of Authorization: two are refused.
  local headers = txn.http:req_get_headers()
  if headers["host"] then ask["host"] = {headers["host"][0]} end
  local authorization = headers["authorization"]
  if authorization then
    ask["authorization"] = {}
    for _, value in pairs(authorization) do table.insert(ask["authorization"], value) end
  end
  local got = core.httpclient():get{url = POSTERN, headers = ask, timeout = 5000}
  txn:set_var("txn.postern_status", got and got.status or 0)
  if not got or got.status ~= 200 then
    local challenge = got and got.headers["www-authenticate"]
    txn:set_var("txn.postern_challenge", challenge and challenge[0] or "")
    return
  end
  for _, name in ipairs(NAMES) do
    txn.http:req_del_header(name)
    local values = got.headers[name]
    if values and values[0] ~= "" then txn.http:req_set_header(name, values[0]) end
  end
  txn.http:req_del_header("authorization")
end)
