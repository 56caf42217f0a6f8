/* SPDX-License-Identifier: Apache-2.0 */
/* `match`: which claims equal which segments of the path. */
#include "load.h"

#include "base/json.h"
#include "policy/decide.h"
#include "policy/match.h"
#include "policy/match_text.h"

#define POLICY                                                                                     \
	"modules: {m: {paths: [\"/mod/{tenant}/*\"], path_allow: [semicolon, encoded_delimiters, " \
	"trailing_dot]}}\n"                                                                        \
	"privileges:\n"                                                                            \
	"  one: {paths: [\"/t/{tenant}/*\"], match: {tenant: /tid}}\n"                             \
	"  two: {paths: [\"/o/{org}/u/{user}\"], match: {user: /sub, org: /org/id}}\n"             \
	"  mod: {modules: [m], paths: [\"/x/{y}/{tenant}\"], match: {tenant: /tid}}\n"             \
	"  free: {paths: [\"/free/{id}\"]}\n"                                                      \
	"  get: {paths: [\"/both/{a}\"], methods: [GET], match: {a: /tid}}\n"                      \
	"  put: {paths: [\"/both/{b}\"], methods: [PUT], match: {b: /sub}}\n"                      \
	"  post: {paths: [\"/both/{c}\"], methods: [POST]}\n"                                      \
	"  shadow: {paths: [\"/shadow/{a}\"], shadow: true, match: {a: /tid}}\n"

static const struct row {
	enum reason reason;
	const char *method, *target;
	const char *payload; /* NULL: a caller without a token */
} rows[] = {
	{ REASON_OK, "GET", "/t/acme/x", "{\"tid\":\"acme\"}" },
	{ REASON_OK, "GET", "/t/acme", "{\"tid\":\"acme\"}" },
	{ REASON_OK, "GET", "/t/acme/", "{\"tid\":\"acme\"}" },
	{ REASON_OK, "DELETE", "/t/acme/x/y", "{\"tid\":\"acme\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/other/x", "{\"tid\":\"acme\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", NULL },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":null}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/null/x", "{\"tid\":null}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":\"\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"TID\":\"acme\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"a\":{\"tid\":\"acme\"}}" },
	/* byte for byte, in its own case, the whole of it */
	{ REASON_CLAIM_MISMATCH, "GET", "/t/Acme/x", "{\"tid\":\"acme\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":\"ACME\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acmex/x", "{\"tid\":\"acme\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acm/x", "{\"tid\":\"acme\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":\"acme \"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":\"acme/x\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":\"*\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":\"{tenant}\"}" },
	/* escapes are decoded once, in the path and not in the claim */
	{ REASON_OK, "GET", "/t/%61cm%65/x", "{\"tid\":\"acme\"}" },
	{ REASON_OK, "GET", "/t/a%20b/x", "{\"tid\":\"a b\"}" },
	{ REASON_OK, "GET", "/t/caf%C3%A9/x", "{\"tid\":\"caf\\u00e9\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/a%20b/x", "{\"tid\":\"a%20b\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/cafe%CC%81/x", "{\"tid\":\"caf\\u00e9\"}" },
	/* numbers are text; nothing else is */
	{ REASON_OK, "GET", "/t/42/x", "{\"tid\":42}" },
	{ REASON_OK, "GET", "/t/-1/x", "{\"tid\":-1}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/042/x", "{\"tid\":42}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/42/x", "{\"tid\":42.0}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/true/x", "{\"tid\":true}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/acme/x", "{\"tid\":{\"acme\":\"acme\"}}" },
	/* any entry of a list, but not of a list in it */
	{ REASON_OK, "GET", "/t/b/x", "{\"tid\":[\"a\",\"b\"]}" },
	{ REASON_OK, "GET", "/t/7/x", "{\"tid\":[null,{},7]}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/c/x", "{\"tid\":[\"a\",\"b\"]}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/a,b/x", "{\"tid\":[\"a\",\"b\"]}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/a/x", "{\"tid\":[[\"a\"]]}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/t/a/x", "{\"tid\":[]}" },
	/* each of several, in its own place */
	{ REASON_OK, "GET", "/o/1/u/ann", "{\"sub\":\"ann\",\"org\":{\"id\":1}}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/o/ann/u/1", "{\"sub\":\"ann\",\"org\":{\"id\":1}}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/o/1/u/ann", "{\"sub\":\"ann\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/o/1/u/bob", "{\"sub\":\"ann\",\"org\":{\"id\":1}}" },
	/* each pattern has its own place */
	{ REASON_OK, "GET", "/mod/a/b", "{\"tid\":\"a\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/mod/b/a", "{\"tid\":\"a\"}" },
	{ REASON_OK, "GET", "/x/b/a", "{\"tid\":\"a\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/x/a/b", "{\"tid\":\"a\"}" },
	/* what the module lets pass is part of the segment */
	{ REASON_CLAIM_MISMATCH, "GET", "/mod/a;b/c", "{\"tid\":\"a\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/mod/a%2Fb", "{\"tid\":\"a\"}" },
	{ REASON_CLAIM_MISMATCH, "GET", "/mod/a./b", "{\"tid\":\"a\"}" },
	{ REASON_OK, "GET", "/mod/a%2Fb", "{\"tid\":\"a/b\"}" },
	/* without `match` a name is any segment */
	{ REASON_OK, "GET", "/free/a", "{}" },
	{ REASON_NO_RULE, "GET", "/free", "{}" },
	{ REASON_NO_RULE, "GET", "/free/a/b", "{}" },
	/* privileges on one pattern have each their own */
	{ REASON_OK, "HEAD", "/both/a", "{\"tid\":\"a\",\"sub\":\"b\"}" },
	{ REASON_OK, "PUT", "/both/b", "{\"tid\":\"a\",\"sub\":\"b\"}" },
	{ REASON_CLAIM_MISMATCH, "PUT", "/both/a", "{\"tid\":\"a\",\"sub\":\"b\"}" },
	{ REASON_OK, "POST", "/both/z", "{}" },
	{ REASON_OK, "GET", "/shadow/z", "{\"tid\":\"a\"}" },
};

/* Decide one, and give the detail. */
static struct verdict
decide(struct load *load, const struct row *row)
{
	uint64_t roles[1] = { 0 };
	struct principal principal = { .roles = roles, .subject = SPAN("ann") };
	struct target target;
	struct route_match route;
	struct verdict verdict;
	json_t *payload = NULL;
	struct err err;

	if (row->payload != NULL) {
		assert_true(json_read(span_of(row->payload), 4096, &payload, &err));
		assert_true(match_values(&load->policy, payload, &load->arena, &principal.matched));
		principal.matched_count = load->policy.match_claims.count;
	}
	assert_int_equal(target_read(span_of(row->target), &load->arena, &target), REASON_OK);
	decide_route(&load->policy, span_of(row->method), &target, &route);
	verdict = decide_caller(&load->policy, &route, &principal, &load->arena);
	json_decref(payload);
	return verdict;
}

static void
a_claim_equals_its_segment_or_not(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN(POLICY));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct verdict verdict = decide(&load, &rows[i]);

		if (verdict.reason != rows[i].reason)
			fail_msg("%s %s %s: want %s, got %s (%s)", rows[i].method, rows[i].target,
			    rows[i].payload, reason_word(rows[i].reason),
			    reason_word(verdict.reason), verdict.detail);
		if (verdict.reason == REASON_CLAIM_MISMATCH)
			assert_non_null(verdict.detail);
	}
	load_done(&load);
}

static void
the_detail_names_segment_claim_and_value(void **state)
{
	static const struct row lists = { REASON_CLAIM_MISMATCH, "GET", "/t/a%20c/x",
		"{\"tid\":[\"a\\\"\\n\",\"b\"]}" };
	static const struct row absent = { REASON_CLAIM_MISMATCH, "GET", "/o/1/u/ann",
		"{\"sub\":\"ann\"}" };
	static const struct row shadow = { REASON_OK, "GET", "/shadow/z", "{\"tid\":\"a\"}" };
	struct load load;

	(void)state;
	load_good(&load, SPAN(POLICY));
	assert_string_equal(decide(&load, &lists).detail,
	    "needs the claim /tid to be the segment {tenant} of the path, \"a%20c\" (privilege "
	    "one); the token has \"a??\", \"b\"");
	assert_string_equal(decide(&load, &absent).detail,
	    "needs the claim /org/id to be the segment {org} of the path, \"1\" (privilege two); "
	    "the token has no text or whole number there");
	assert_int_equal(decide(&load, &shadow).shadow_reason, REASON_CLAIM_MISMATCH);
	load_done(&load);
}

/* A claim is listed once, whoever asks for it. */
static void
claims_are_listed_once(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN(POLICY));
	assert_int_equal(load.policy.match_claims.count, 3);
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_claim_equals_its_segment_or_not),
		cmocka_unit_test(the_detail_names_segment_claim_and_value),
		cmocka_unit_test(claims_are_listed_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
