/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "base/host_name.h"
#include "policy/decide.h"
#include "policy/host_set.h"

#define POLICY                                                                                     \
	"modules:\n"                                                                               \
	"  api: {hosts: [API.example., \"[::1]\"], paths: [/a/*, /both]}\n"                        \
	"  any: {hosts: [\"*.b.example\"], paths: [\"/*\"]}\n"                                     \
	"  one: {hosts: [one.b.example], paths: [/a/*]}\n"                                         \
	"  all: {paths: [/a/b, /both]}\n"                                                          \
	"privileges:\n"                                                                            \
	"  p_api: {modules: [api]}\n"                                                              \
	"  p_any: {modules: [any], methods: [GET]}\n"                                              \
	"  p_one: {modules: [one]}\n"                                                              \
	"  p_all: {modules: [all]}\n"                                                              \
	"public: [/health, /a/c]\n"

/* What decides; NULL: nothing. */
static const struct {
	const char *host, *path, *privilege, *module, *pattern, *on;
} cases[] = {
	{ "api.example", "/a/b", "p_api", "api", "/a/*", "api.example" },
	{ "API.Example", "/a", "p_api", "api", "/a/*", "api.example" },
	{ "api.example:8443", "/a/b", "p_api", "api", "/a/*", "api.example" },
	{ "api.example.", "/a/b", "p_api", "api", "/a/*", "api.example" },
	{ "api.example.:80", "/both", "p_api", "api", "/both", "api.example" },
	{ "api.example", "/health", NULL, NULL, "/health", NULL },
	{ "api.example", "/other", NULL, NULL, NULL, NULL },
	{ "xapi.example", "/a/b", "p_all", "all", "/a/b", NULL },
	{ "x.api.example", "/a/b", "p_all", "all", "/a/b", NULL },
	{ "example", "/both", "p_all", "all", "/both", NULL },
	{ "", "/both", "p_all", "all", "/both", NULL },
	{ "[::1]", "/a/x", "p_api", "api", "/a/*", "[::1]" },
	{ "[0:0:0:0:0:0:0:1]:80", "/a/x", "p_api", "api", "/a/*", "[::1]" },
	{ "[::2]", "/a/x", NULL, NULL, NULL, NULL },
	{ "127.0.0.1", "/a/b", "p_all", "all", "/a/b", NULL },
	{ "x.b.example", "/a/b", "p_any", "any", "/*", "*.b.example" },
	{ "X.B.example.:1", "/health", "p_any", "any", "/*", "*.b.example" },
	{ "one.b.example", "/a/b", "p_one", "one", "/a/*", "one.b.example" },
	{ "one.b.example", "/both", "p_any", "any", "/*", "*.b.example" },
	{ "b.example", "/both", "p_all", "all", "/both", NULL },
	{ "x.y.b.example", "/both", "p_all", "all", "/both", NULL },
	{ "*.b.example", "/both", "refused", NULL, NULL, NULL },
	{ "a b", "/both", "refused", NULL, NULL, NULL },
	{ "api.example:0", "/both", "refused", NULL, NULL, NULL },
	{ "api%2eexample", "/both", "refused", NULL, NULL, NULL },
	{ "api..example", "/both", "refused", NULL, NULL, NULL },
};

static bool
same(const char *a, const char *b)
{
	return (a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0);
}

static void
the_host_is_chosen_before_the_path(void **state)
{
	const size_t i = (size_t)*state;
	struct load load;
	struct target target;
	struct route_match route;

	load_good(&load, SPAN(POLICY));
	assert_int_equal(target_read(span_of(cases[i].path), &load.arena, &target), REASON_OK);
	target.host = cases[i].host[0] == '\0'
			  ? SPAN("")
			  : host_name_read(span_of(cases[i].host), &load.arena);
	decide_route(&load.policy, SPAN("GET"), &target, &route);
	if (same(cases[i].privilege, "refused")) {
		assert_int_equal(route.reason, REASON_REQUEST_MALFORMED);
		assert_null(route.module);
		assert_null(route.pattern);
	} else {
		assert_true(same(
		    route.privilege == NULL ? NULL : route.privilege->name, cases[i].privilege));
		assert_true(
		    same(route.module == NULL ? NULL : route.module->name, cases[i].module));
		assert_true(same(route.pattern, cases[i].pattern));
		assert_true(same(route.host == NULL ? NULL : route.host->name, cases[i].on));
	}
	load_done(&load);
}

/* A method that the pattern of the host does not grant is not looked for elsewhere. */
static void
the_hosts_pattern_alone_decides(void **state)
{
	struct load load;
	struct target target;
	struct route_match route;

	(void)state;
	load_good(&load, SPAN(POLICY));
	assert_int_equal(target_read(SPAN("/both"), &load.arena, &target), REASON_OK);
	target.host = SPAN("x.b.example");
	decide_route(&load.policy, SPAN("POST"), &target, &route);
	assert_int_equal(route.reason, REASON_METHOD_NOT_GRANTED);
	load_done(&load);
}

/* Without `hosts` nothing is asked of the host. */
static void
without_hosts_any_will_do(void **state)
{
	struct load load;
	struct target target;
	struct route_match route;

	(void)state;
	load_good(&load, SPAN("public: [/a]"));
	assert_int_equal(target_read(SPAN("/a"), &load.arena, &target), REASON_OK);
	target.host = (struct span){ 0 };
	decide_route(&load.policy, SPAN("GET"), &target, &route);
	assert_int_equal(route.reason, REASON_OK);
	load_done(&load);
}

#define HOSTS(hosts) "modules: {m: {paths: [/a], hosts: [" hosts "]}}"

static const struct {
	const char *text, *told;
} bad[] = {
	{ "modules: {m: {paths: [/a], hosts: []}}", "/modules/m/hosts: is empty" },
	{ HOSTS("\"*\""), "/modules/m/hosts/0: is every host: leave \"hosts\" out" },
	{ HOSTS("\"https://api.example\""), "must be a host alone" },
	{ HOSTS("api.example/a"), "must be a host alone" },
	{ HOSTS("\"api.example:80\""), "must be without a port" },
	{ HOSTS("\"*.example:80\""), "must be without a port" },
	{ HOSTS("\"[::1]:80\""), "must be without a port" },
	{ HOSTS("\"::1\""), "must be a name or an address, without a port" },
	{ HOSTS("\"api.*.example\""), "must be the whole first label" },
	{ HOSTS("\"*.*.example\""), "must be the whole first label" },
	{ HOSTS("\"*api.example\""), "must be the whole first label" },
	{ HOSTS("\"*.\""), "must be a name or an address" },
	{ HOSTS("\"*.127.0.0.1\""), "an address has no labels" },
	{ HOSTS("\"*.[::1]\""), "an address has no labels" },
	{ HOSTS("b\xc3\xbc"
		"cher.example"),
	    "an international name as xn--" },
	{ HOSTS("a_b..example"), "must be a name or an address" },
	{ HOSTS("a.example, b.example, A.Example."), "/modules/m/hosts/2: is listed twice" },
	{ HOSTS("\"[::1]\", \"[0::1]\""), "/modules/m/hosts/1: is listed twice" },
	{ "modules: {m: {paths: [/a], hosts: a.example}, n: {paths: [/b, /a], hosts: [b.example, "
	  "a.example]}}",
	    "/modules/n/paths/1: is also a path of module \"m\" on host a.example" },
	{ "modules: {m: {paths: [/a, /a], hosts: a.example}}",
	    "/modules/m/paths/1: is listed twice" },
	{ "modules: {m: {paths: [/a], hosts: h.example}, n: {paths: [/a], hosts: i.example}}\n"
	  "privileges: {p: {modules: [m]}, q: {modules: [n, m]}}",
	    "/privileges/q/modules/1: privilege \"p\" already has the same path" },
};

static void
a_mistake_is_reported(void **state)
{
	const size_t i = (size_t)*state;
	struct buffer told;
	struct load load;

	load_init(&load);
	load_read(&load, span_of(bad[i].text));
	load_told(&load, &told);
	assert_true(load.mistakes.errors > 0);
	if (strstr(told.at, bad[i].told) == NULL)
		fail_msg("want %s, got %s", bad[i].told, told.at);
	buffer_done(&told);
	load_done(&load);
}

/* Many hosts are found as surely as few. */
static void
many_hosts_are_found(void **state)
{
	struct buffer text;
	struct load load;
	struct target target;
	struct route_match route;
	char host[32];

	(void)state;
	buffer_init(&text, 1 << 20);
	buffer_add_text(&text, "modules:\n");
	for (int i = 0; i < 500; i++)
		buffer_format(&text,
		    "  m%d: {paths: [/a], hosts: [h%d.example, \"*.h%d.example\"]}\n", i, i, i);
	load_good(&load, buffer_span(&text));
	assert_int_equal(target_read(SPAN("/a"), &load.arena, &target), REASON_OK);
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(host, sizeof(host), "%sh%d.example", i % 2 == 0 ? "" : "x.", i / 2);
		target.host = span_of(host);
		decide_route(&load.policy, SPAN("GET"), &target, &route);
		assert_non_null(route.module);
		assert_int_equal(route.module->index, i / 2);
	}
	load_done(&load);
	buffer_done(&text);
}

static void
what_covers_what(void **state)
{
	struct host_set wide = { .key = SPAN("b.example"), .label = true };
	struct host_set narrow = { .key = SPAN("a.b.example") };
	struct host_set other = { .key = SPAN("b.example") };

	(void)state;
	assert_true(host_set_covers(NULL, NULL));
	assert_true(host_set_covers(NULL, &narrow));
	assert_true(host_set_covers(&wide, &narrow));
	assert_true(host_set_covers(&narrow, &narrow));
	assert_false(host_set_covers(&wide, NULL));
	assert_false(host_set_covers(&wide, &other));
	assert_false(host_set_covers(&narrow, &wide));
	assert_false(host_set_covers(&other, &wide));
}

int
main(void)
{
	struct CMUnitTest tests[COUNT_OF(cases)], bad_tests[COUNT_OF(bad)];
	const struct CMUnitTest rest[] = {
		cmocka_unit_test(the_hosts_pattern_alone_decides),
		cmocka_unit_test(without_hosts_any_will_do),
		cmocka_unit_test(many_hosts_are_found),
		cmocka_unit_test(what_covers_what),
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].host,
			.test_func = the_host_is_chosen_before_the_path,
			.initial_state = (void *)i };
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		bad_tests[i] = (struct CMUnitTest){ .name = bad[i].told,
			.test_func = a_mistake_is_reported,
			.initial_state = (void *)i };
	return cmocka_run_group_tests_name("hosts", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("bad hosts", bad_tests, NULL, NULL) +
	       cmocka_run_group_tests_name("rest", rest, NULL, NULL);
}
