/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"
#include "caller.h"

#include "policy/decide.h"

/* What was asked and what came of it. */
struct decision {
	struct target target;
	struct route_match route;
	struct verdict verdict;
};

static void
decide(struct load *load, struct span method, struct span raw, struct span caller,
    struct decision *decision)
{
	const struct principal *principal = caller_read(&load->policy, caller, &load->arena);

	*decision = (struct decision){ 0 };
	decision->verdict.reason = target_read(raw, &load->arena, &decision->target);
	if (decision->verdict.reason != REASON_OK)
		return;
	decide_route(&load->policy, method, &decision->target, &decision->route);
	decision->verdict = decide_caller(&load->policy, &decision->route, principal, &load->arena);
}

/* "ok", "shadow:WORD" or the reason's word. */
static const char *
say(const struct verdict *verdict, struct arena *arena)
{
	const char *text = reason_word(verdict->reason);

	if (verdict->shadow_reason != REASON_OK) {
		assert_int_equal(verdict->reason, REASON_OK);
		text = arena_format(arena, "shadow:%s", reason_word(verdict->shadow_reason));
	}
	assert_non_null(text);
	return text;
}

static void
the_table_of_decisions_holds(void **state)
{
	struct load load;
	struct buffer text;
	struct cases cases;
	struct span line;

	(void)state;
	load_file(&text, "decisions.yaml");
	load_good(&load, buffer_span(&text));
	cases_open(&cases, "decisions.txt");
	while (cases_next(&cases, &line)) {
		struct span want = cases_word(&line), method = cases_word(&line);
		struct span path = cases_word(&line);
		struct decision decision;
		const char *got;

		decide(&load, method, path, line, &decision);
		got = say(&decision.verdict, &load.arena);
		if (!span_is(want, got))
			cases_fail(&cases, want, span_of(got));
	}
	load_done(&load);
	buffer_done(&text);
	cases_close(&cases);
}

static void
a_refusal_says_what_was_required_and_what_was_there(void **state)
{
	static const struct {
		const char *method, *path, *caller, *detail;
	} cases[] = {
		{ "GET", "/reports/1", "someone",
		    "needs the role \"admin\" (privilege reports); the caller has none" },
		{ "GET", "/customer/1", "role=admin, role=SODA Developer",
		    "needs one of the roles \"reader\", \"writer\" (privilege customer_read); "
		    "the caller has \"SODA Developer\", \"admin\"" },
		{ "GET", "/scoped/1", "scope=a, scope=b\"\n\xff",
		    "needs one of the scopes \"orders:read\", \"orders:all\" (privilege scoped); "
		    "the caller has \"a\", \"b???\"" },
		{ "POST", "/customer/1", "role=reader, scope=x",
		    "needs the role \"writer\" or the scope \"customer:write\" "
		    "(privilege customer_write); "
		    "the caller has roles: \"reader\", scopes: \"x\"" },
		{ "GET", "/scoped/1",
		    "scope=1,scope=2,scope=3,scope=4,scope=5,scope=6,scope=7,scope=8,scope=9,scope="
		    "a",
		    "needs one of the scopes \"orders:read\", \"orders:all\" (privilege scoped); "
		    "the caller has \"1\", \"2\", \"3\", \"4\", \"5\", \"6\", \"7\", \"8\" and 2 "
		    "more" },
		{ "DELETE", "/customer/1", "someone", "/customer/* grants GET, POST, PUT, PATCH" },
		{ "GET", "/vault/1", "role=reader, role=admin",
		    "needs the role \"writer\" among others (privilege vault); the caller has "
		    "\"admin\", \"reader\"" },
		{ "GET", "/vault/1", "role=reader, role=writer, role=admin, role=SODA Developer",
		    "privilege vault denies the role \"SODA Developer\"" },
		{ "GET", "/nothing", "someone", "no pattern matches the path" },
		{ "GET", "/customer/a;b", "someone", "a semicolon in a segment" },
		{ "GET", "/files/a", "nobody",
		    "privilege files_any needs an authenticated caller" },
	};
	struct load load;
	struct buffer text;

	(void)state;
	load_file(&text, "decisions.yaml");
	load_good(&load, buffer_span(&text));
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct decision decision;

		decide(&load, span_of(cases[i].method), span_of(cases[i].path),
		    span_of(cases[i].caller), &decision);
		assert_non_null(decision.verdict.detail);
		assert_string_equal(decision.verdict.detail, cases[i].detail);
	}
	load_done(&load);
	buffer_done(&text);
}

/* To nobody is told neither that a method is missing nor which ones there are. */
static void
methods_are_reported_to_known_callers_only(void **state)
{
	struct load load;
	struct decision decision;

	(void)state;
	load_good(&load, SPAN("privileges: {p: {paths: [/a], methods: [GET]}}"));
	decide(&load, SPAN("PUT"), SPAN("/a"), SPAN("nobody"), &decision);
	assert_int_equal(decision.route.reason, REASON_METHOD_NOT_GRANTED);
	assert_int_equal(decision.verdict.reason, REASON_CREDENTIALS_MISSING);
	assert_null(decision.verdict.detail);
	load_done(&load);
}

static void
the_cover_names_what_decides(void **state)
{
	struct load load;
	struct buffer text;
	struct decision decision;

	(void)state;
	load_file(&text, "decisions.yaml");
	load_good(&load, buffer_span(&text));
	decide(&load, SPAN("HEAD"), SPAN("/customer/7/"), SPAN("nobody"), &decision);
	assert_string_equal(decision.route.pattern, "/customer/*");
	assert_string_equal(decision.route.privilege->name, "customer_read");
	assert_string_equal(decision.route.module->name, "customer");
	assert_false(decision.route.public);
	decide(&load, SPAN("GET"), SPAN("/docs/x"), SPAN("nobody"), &decision);
	assert_string_equal(decision.route.pattern, "/docs/*");
	assert_null(decision.route.privilege);
	assert_null(decision.route.module);
	assert_true(decision.route.public);
	decide(&load, SPAN("GET"), SPAN("/nothing"), SPAN("nobody"), &decision);
	assert_null(decision.route.pattern);
	load_done(&load);
	buffer_done(&text);
}

static void
public_by_default_opens_what_nothing_covers(void **state)
{
	struct load load;
	struct decision decision;

	(void)state;
	load_good(&load, SPAN("privileges: {p: {paths: [\"/a/*\"], methods: [GET]}}\n"
			      "default: public\n"));
	decide(&load, SPAN("DELETE"), SPAN("/b"), SPAN("nobody"), &decision);
	assert_int_equal(decision.verdict.reason, REASON_OK);
	assert_true(decision.route.public);
	assert_null(decision.route.pattern);
	/* what is covered stays covered, whatever the method or the spelling */
	decide(&load, SPAN("DELETE"), SPAN("/a/b"), SPAN("someone"), &decision);
	assert_int_equal(decision.verdict.reason, REASON_METHOD_NOT_GRANTED);
	decide(&load, SPAN("GET"), SPAN("/a"), SPAN("nobody"), &decision);
	assert_int_equal(decision.verdict.reason, REASON_CREDENTIALS_MISSING);
	decide(&load, SPAN("GET"), SPAN("/%61/"), SPAN("nobody"), &decision);
	assert_int_equal(decision.verdict.reason, REASON_CREDENTIALS_MISSING);
	decide(&load, SPAN("GET"), SPAN("/b;x"), SPAN("nobody"), &decision);
	assert_int_equal(decision.verdict.reason, REASON_PATH_AMBIGUOUS);
	load_done(&load);
}

/* A target that could not be read has no path, and nothing covers it. */
static void
no_path_is_covered_by_nothing(void **state)
{
	struct load load;
	struct target target = { 0 };
	struct route_match route;

	(void)state;
	load_good(&load, SPAN("public: [\"/*\"]\ndefault: public\n"));
	decide_route(&load.policy, SPAN("GET"), &target, &route);
	assert_int_equal(route.reason, REASON_NO_RULE);
	assert_false(route.public);
	load_done(&load);
}

/* A cover that names neither a privilege nor public is undecided. */
static void
what_is_undecided_is_refused(void **state)
{
	struct load load;
	struct route_match route = { .reason = REASON_OK };
	struct verdict verdict;

	(void)state;
	load_good(&load, SPAN("default: public\n"));
	verdict = decide_caller(&load.policy, &route, NULL, &load.arena);
	assert_int_equal(verdict.reason, REASON_NO_RULE);
	load_done(&load);
}

static void
no_memory_for_a_detail_changes_no_verdict(void **state)
{
	struct load load;
	struct decision decision;
	struct arena small;
	const struct principal *principal;

	(void)state;
	load_good(&load, SPAN("roles: {r: {}}\nprivileges: {p: {paths: [/a], roles: [r]}}"));
	decide(&load, SPAN("GET"), SPAN("/a"), SPAN("someone"), &decision);
	principal = caller_read(&load.policy, SPAN("someone"), &load.arena);
	arena_init(&small, 1);
	decision.verdict = decide_caller(&load.policy, &decision.route, principal, &small);
	assert_int_equal(decision.verdict.reason, REASON_PRIVILEGE_MISSING);
	assert_null(decision.verdict.detail);
	arena_done(&small);
	load_done(&load);
}

/* Of groups that the token leaves out nothing is known: neither that they open nor that they do not
 * deny. */
static void
groups_that_are_left_out_may_open_or_deny(void **state)
{
	static const struct {
		uint64_t held, unsure; /* a is bit 0, b 1, c 2 */
		enum reason want;
	} rows[] = {
		{ 3, 0, REASON_OK },
		{ 3, 1, REASON_OK },
		{ 3, 4, REASON_GROUPS_OVERAGE },
		{ 7, 4, REASON_PRIVILEGE_MISSING },
		{ 1, 2, REASON_GROUPS_OVERAGE },
		{ 2, 1, REASON_GROUPS_OVERAGE },
		{ 0, 3, REASON_GROUPS_OVERAGE },
		{ 0, 1, REASON_PRIVILEGE_MISSING },
		{ 4, 3, REASON_PRIVILEGE_MISSING },
	};
	struct load load;
	struct decision decision;

	(void)state;
	load_good(&load, SPAN("roles: {a: {}, b: {}, c: {}}\nprivileges: {p: {paths: [/a], "
			      "roles: [a], all_roles: [b], deny: [c]}}"));
	decide(&load, SPAN("GET"), SPAN("/a"), SPAN("nobody"), &decision);
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		uint64_t held[1] = { rows[i].held }, unsure[1] = { rows[i].unsure };
		struct principal principal = { .roles = held, .unsure = unsure };

		decision.verdict =
		    decide_caller(&load.policy, &decision.route, &principal, &load.arena);
		assert_int_equal(decision.verdict.reason, rows[i].want);
	}
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(groups_that_are_left_out_may_open_or_deny),
		cmocka_unit_test(the_table_of_decisions_holds),
		cmocka_unit_test(a_refusal_says_what_was_required_and_what_was_there),
		cmocka_unit_test(methods_are_reported_to_known_callers_only),
		cmocka_unit_test(the_cover_names_what_decides),
		cmocka_unit_test(public_by_default_opens_what_nothing_covers),
		cmocka_unit_test(no_path_is_covered_by_nothing),
		cmocka_unit_test(what_is_undecided_is_refused),
		cmocka_unit_test(no_memory_for_a_detail_changes_no_verdict),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
