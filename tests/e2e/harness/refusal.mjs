// SPDX-License-Identifier: Apache-2.0
// What a refusal must look like. The table is written out here, apart from the code's own, so that
// a word, a status or an error code cannot change unnoticed.
import assert from 'node:assert/strict';

/** word: [status, RFC 6750 error] */
export const REFUSALS = {
  credentials_missing: [401, ''],
  credentials_malformed: [400, 'invalid_request'],
  credentials_duplicate: [400, 'invalid_request'],
  token_malformed: [401, 'invalid_token'],
  token_too_large: [401, 'invalid_token'],
  token_type_wrong: [401, 'invalid_token'],
  algorithm_not_allowed: [401, 'invalid_token'],
  issuer_unknown: [401, 'invalid_token'],
  key_unknown: [401, 'invalid_token'],
  keys_unavailable: [503, ''],
  signature_invalid: [401, 'invalid_token'],
  claim_malformed: [401, 'invalid_token'],
  critical_unknown: [401, 'invalid_token'],
  token_expired: [401, 'invalid_token'],
  token_not_yet_valid: [401, 'invalid_token'],
  token_too_old: [401, 'invalid_token'],
  audience_mismatch: [401, 'invalid_token'],
  claim_required_missing: [401, 'invalid_token'],
  binding_mismatch: [401, 'invalid_token'],
  token_revoked: [401, 'invalid_token'],
  groups_overage: [403, ''],
  client_disabled: [401, 'invalid_token'],
  basic_not_allowed: [401, ''],
  basic_wrong: [401, ''],
  locked_out: [429, ''],
  privilege_missing: [403, 'insufficient_scope'],
  scope_missing: [403, 'insufficient_scope'],
  claim_mismatch: [403, ''],
  method_not_granted: [403, ''],
  no_rule: [403, ''],
  origin_not_allowed: [403, ''],
  rate_limited: [429, ''],
  path_ambiguous: [400, ''],
  request_malformed: [400, ''],
  header_too_large: [431, ''],
  body_too_large: [413, ''],
  overloaded: [503, ''],
  upstream_unreachable: [502, ''],
  upstream_timeout: [504, ''],
  upstream_malformed: [502, ''],
  local_issuer_standing_by: [401, 'invalid_token'],
  client_gone: [499, ''],
  request_timeout: [408, ''],
  method_not_supported: [501, ''],
  loop_detected: [508, ''],
};

const MEMBERS = ['type', 'title', 'status', 'reason', 'detail', 'instance'];

function assertChallenge(answer, status, error) {
  const challenges = answer.all('www-authenticate').filter((value) => value.startsWith('Bearer '));
  if (status !== 401 && error === '') {
    assert.equal(challenges.length, 0, 'no challenge where credentials would not help');
    return;
  }
  // only where a scope helps, and then with it; discovery.test.mjs says where that is
  if (error === 'insufficient_scope' && challenges.length === 0) return;
  assert.equal(challenges.length, 1, 'one Bearer challenge');
  if (error === 'insufficient_scope') assert.match(challenges[0], /, scope="[^"]+"/);
  assert.match(challenges[0], /^Bearer realm="[^"]+"/);
  if (error === '') {
    assert.doesNotMatch(challenges[0], /error/, 'nothing is said about credentials that were not there');
  } else {
    assert.match(challenges[0], new RegExp(`, error="${error}"`));
    assert.match(challenges[0], /, error_description="[\x20\x21\x23-\x5b\x5d-\x7e]+"/);
  }
}

/** Assert that `answer` is a refusal for `word`, in every particular that a client sees. */
export function assertRefusal(answer, word) {
  const [status, error] = REFUSALS[word];
  assert.ok(answer, `no answer at all, wanted ${word}`);
  const got = answer.text || answer.head;
  assert.equal(answer.status, status, `wanted ${word}, got ${got}`);
  assert.equal(answer.get('content-type'), 'application/problem+json', got);
  const problem = answer.json();
  assert.equal(problem.reason, word, got);
  assert.deepEqual(Object.keys(problem), MEMBERS);
  assert.equal(problem.status, status);
  for (const member of ['type', 'title', 'detail']) {
    assert.equal(typeof problem[member], 'string');
    assert.ok(problem[member].length > 0, `${member} is empty`);
  }
  assert.ok(problem.type.endsWith(word), problem.type);
  assert.equal(answer.get('x-postern'), 'refused');
  assert.equal(answer.get('x-request-id'), problem.instance);
  assert.match(problem.instance, /^[\x21-\x7e]{8,128}$/);
  assert.equal(answer.get('cache-control'), 'no-store');
  assertChallenge(answer, status, error);
  return problem;
}

/** The same, and that the gate's log says so of this request. */
export async function expectRefusal(gate, answer, word) {
  const problem = assertRefusal(answer, word);
  const line = await gate.line((entry) => entry.request_id === problem.instance);
  assert.equal(line.event, 'request');
  assert.equal(line.verdict, 'refuse');
  assert.equal(line.reason, word);
  assert.equal(line.status, answer.status);
  assert.equal(typeof line.duration_us, 'number');
  assert.ok(!Number.isNaN(Date.parse(line.time)), line.time);
  return line;
}
