/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"
#include "caller.h"

#include "policy/explain.h"
#include "policy/explain_text.h"

#define POLICY                                                                                     \
	"roles: {reader: {}, SODA Developer: {}}\n"                                                \
	"modules: {crm: {paths: [\"/customer/*\"]}}\n"                                             \
	"privileges:\n"                                                                            \
	"  p: {label: Customer API, modules: [crm], methods: [GET], roles: [reader], scopes: "     \
	"[all]}\n"                                                                                 \
	"  s: {paths: [/s], roles: [reader], shadow: true}\n"                                      \
	"public: [/health]\n"

/* One decision and what it takes to tell it. */
struct told {
	struct load load;
	struct target target;
	struct route_match route;
	struct verdict verdict;
	struct explanation explanation;
};

static void
told_init(struct told *told, const char *path, const char *caller)
{
	load_good(&told->load, SPAN(POLICY));
	assert_int_equal(target_read(span_of(path), &told->load.arena, &told->target), REASON_OK);
	decide_route(&told->load.policy, SPAN("GET"), &told->target, &told->route);
	told->explanation = (struct explanation){
		.method = SPAN("GET"),
		.path = told->target.path,
		.policy = &told->load.policy,
		.route = &told->route,
		.principal = caller_read(&told->load.policy, span_of(caller), &told->load.arena),
		.verdict = &told->verdict,
	};
	told->verdict = decide_caller(
	    &told->load.policy, &told->route, told->explanation.principal, &told->load.arena);
	told->explanation.reason = told->verdict.reason;
	told->explanation.detail = told->verdict.detail;
}

static void
check_json(const struct told *told, const char *want)
{
	json_t *got = explain_json(&told->explanation), *wanted;
	json_error_t error;
	char *text;

	assert_non_null(got);
	wanted = json_loads(want, 0, &error);
	if (wanted == NULL)
		fail_msg("%s", error.text);
	text = json_dumps(got, JSON_SORT_KEYS);
	if (!json_equal(got, wanted))
		fail_msg("want %s, got %s", want, text);
	free(text);
	json_decref(wanted);
	json_decref(got);
}

static void
a_refusal_is_reported_in_full(void **state)
{
	struct told told;

	(void)state;
	told_init(&told, "/customer/1", "role=SODA Developer, scope=x");
	check_json(&told,
	    "{\"verdict\":\"refuse\",\"reason\":\"privilege_missing\",\"status\":403,"
	    "\"detail\":\"needs the role \\\"reader\\\" or the scope \\\"all\\\" (privilege p); "
	    "the caller has roles: \\\"SODA Developer\\\", scopes: \\\"x\\\"\","
	    "\"method\":\"GET\",\"path\":\"/customer/1\",\"pattern\":\"/customer/"
	    "*\",\"patterns\":[\"/customer/*\"],\"host\":null,"
	    "\"privilege\":\"p\",\"label\":\"Customer API\",\"module\":\"crm\",\"public\":false,"
	    "\"shadow_reason\":null,\"roles\":[\"SODA Developer\"],\"roles_wanted\":[\"reader\"],"
	    "\"scopes\":[\"x\"],\"all_roles\":[],\"deny\":[],\"scopes_wanted\":[\"all\"],\"match\":"
	    "[],\"rates\":"
	    "[],"
	    "\"upstream\":null,"
	    "\"forwarded\":null,\"issuer\":\"okta\","
	    "\"subject\":\"alice\",\"client\":null,\"client_name\":null,\"user\":null,"
	    "\"certificate\":null,\"authenticated\":true,\"ignored_entries\":0,"
	    "\"revoked\":null,\"checks\":[],\"granted_to\":[],\"to_pass\":[\"scope all (privilege "
	    "p)\"]}");
	load_done(&told.load);
}

static void
what_is_public_is_reported(void **state)
{
	struct told told;

	(void)state;
	told_init(&told, "/health", "nobody");
	check_json(&told,
	    "{\"verdict\":\"forward\",\"reason\":\"ok\",\"status\":200,\"detail\":null,"
	    "\"method\":\"GET\",\"path\":\"/health\",\"pattern\":\"/health\",\"patterns\":[\"/"
	    "health\"],\"host\":null,\"privilege\":null,"
	    "\"label\":null,\"module\":null,\"public\":true,\"shadow_reason\":null,\"roles\":[],"
	    "\"roles_wanted\":[],\"scopes\":[],\"all_roles\":[],\"deny\":[],\"scopes_wanted\":[],"
	    "\"match\":[],\"rates\":[],"
	    "\"upstream\":null,"
	    "\"forwarded\":null,\"issuer\":null,"
	    "\"subject\":null,\"client\":null,\"client_name\":null,\"user\":null,\"certificate\":"
	    "null,\"authenticated\":false,\"ignored_entries\":0,"
	    "\"revoked\":null,\"checks\":[],\"granted_to\":[],\"to_pass\":[]}");
	load_done(&told.load);
}

static void
a_token_refused_before_any_cover_is_reported(void **state)
{
	struct told told;

	(void)state;
	told_init(&told, "/health", "nobody");
	told.explanation = (struct explanation){
		.method = SPAN("GET"),
		.path = SPAN("/x\xff"),
		.policy = &told.load.policy,
		.reason = REASON_TOKEN_EXPIRED,
		.certificate = SPAN("CN=a"),
		.detail = "expired 5 s ago",
	};
	check_json(&told,
	    "{\"verdict\":\"refuse\",\"reason\":\"token_expired\",\"status\":401,"
	    "\"detail\":\"expired 5 s "
	    "ago\",\"method\":\"GET\",\"path\":null,\"pattern\":null,\"patterns\":null,\"host\":"
	    "null,"
	    "\"privilege\":null,\"label\":null,\"module\":null,\"public\":false,"
	    "\"shadow_reason\":null,\"roles\":[],\"roles_wanted\":[],\"scopes\":[],"
	    "\"all_roles\":[],\"deny\":[],\"scopes_wanted\":[],\"match\":[],\"rates\":[],"
	    "\"upstream\":null,"
	    "\"forwarded\":"
	    "null,"
	    "\"issuer\":null,\"subject\":null,\"client\":null,\"client_name\":null,\"user\":null,"
	    "\"certificate\":\"CN=a\",\"authenticated\":false,\"ignored_entries\":0,\"revoked\":"
	    "null,"
	    "\"checks\":[],\"granted_to\":[],\"to_pass\":[]}");
	load_done(&told.load);
}

static void
check_text(const struct told *told, const char *want)
{
	json_t *said = explain_json(&told->explanation);
	struct buffer text;

	buffer_init(&text, 65536);
	explain_text(said, false, &text);
	json_decref(said);
	assert_false(text.failed);
	assert_string_equal(text.at, want);
	buffer_done(&text);
}

static void
the_text_has_one_fact_a_line(void **state)
{
	struct told told;

	(void)state;
	told_init(&told, "/customer/1", "someone");
	check_text(&told, "verdict:       refuse\n"
			  "reason:        privilege_missing (403)\n"
			  "detail:        \"needs the role \\\"reader\\\" or the scope \\\"all\\\" "
			  "(privilege p); the caller has roles: none, scopes: none\"\n"
			  "method:        \"GET\"\n"
			  "path:          \"/customer/1\"\n"
			  "public:        no\n"
			  "pattern:       \"/customer/*\"\n"
			  "privilege:     \"p\"\n"
			  "label:         \"Customer API\"\n"
			  "roles wanted:  \"reader\"\n"
			  "scopes wanted: \"all\"\n"
			  "module:        \"crm\"\n"
			  "issuer:        \"okta\"\n"
			  "subject:       \"alice\"\n"
			  "roles held:    none\n"
			  "to pass:       scope all (privilege p)\n");
	load_done(&told.load);
	told_init(&told, "/s", "nobody");
	told.explanation.certificate = SPAN("CN=a\\,b");
	check_text(&told, "verdict:       forward\n"
			  "reason:        ok (200)\n"
			  "detail:        \"privilege s needs an authenticated caller\"\n"
			  "method:        \"GET\"\n"
			  "path:          \"/s\"\n"
			  "shadow:        credentials_missing\n"
			  "public:        no\n"
			  "pattern:       \"/s\"\n"
			  "privilege:     \"s\"\n"
			  "roles wanted:  \"reader\"\n"
			  "certificate:   \"CN=a\\\\,b\"\n"
			  "caller:        unauthenticated\n");
	load_done(&told.load);
}

static void
text_from_outside_cannot_start_a_line(void **state)
{
	json_t *said;
	struct told told;
	struct buffer text;

	(void)state;
	told_init(&told, "/health", "scope=a\nverdict: forward");
	told.explanation.path = SPAN("/a\nverdict: forward");
	said = explain_json(&told.explanation);
	buffer_init(&text, 65536);
	explain_text(said, false, &text);
	json_decref(said);
	assert_null(strstr(text.at, "\nverdict: forward"));
	assert_non_null(strstr(text.at, "a\\nverdict: forward"));
	buffer_done(&text);
	load_done(&told.load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refusal_is_reported_in_full),
		cmocka_unit_test(what_is_public_is_reported),
		cmocka_unit_test(a_token_refused_before_any_cover_is_reported),
		cmocka_unit_test(the_text_has_one_fact_a_line),
		cmocka_unit_test(text_from_outside_cannot_start_a_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
