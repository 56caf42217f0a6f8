/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#include "policy/decide.h"
#include "policy/role.h"
#include "policy/target.h"

struct mistake_case {
	const char *true_of_it, *text;
	const char *told; /* part of the one mistake */
};

static void
check_mistakes(const struct mistake_case *cases, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct load load;
		struct buffer lines;

		load_init(&load);
		load_read(&load, span_of(cases[i].text));
		load_told(&load, &lines);
		if (load.mistakes.errors != 1 || strstr(lines.at, cases[i].told) == NULL)
			fail_msg("%s: want \"%s\", got\n%s", cases[i].true_of_it, cases[i].told,
			    lines.at);
		buffer_done(&lines);
		load_done(&load);
	}
}

static void
mistakes_in_roles_are_reported(void **state)
{
	static const struct mistake_case cases[] = {
		{ "an unknown key is a mistake", "rules: {}",
		    "policy.yaml:1:1: /rules: unknown key" },
		{ "\"*\" is no issuer", "roles: {r: {granted_to: [{issuer: \"*\", scope: x}]}}",
		    "no issuer of that name: for tokens of any issuer leave \"issuer\" out" },
		{ "the key of the configuration is not its name",
		    "roles: {r: {granted_to: [{issuer: local_issuer, scope: x}]}}",
		    "no issuer of that name; did you mean \"local\"?" },
		{ "an unknown issuer is a mistake",
		    "roles: {r: {granted_to: [{issuer: okat, scope: x}]}}",
		    "/roles/r/granted_to/0/issuer: no issuer of that name; did you mean "
		    "\"okta\"?" },
		{ "a line without a condition is a mistake", "roles: {r: {granted_to: [{}]}}",
		    "/roles/r/granted_to/0: needs at least one condition" },
		{ "equals needs a claim", "roles: {r: {granted_to: [{issuer: okta, equals: x}]}}",
		    "needs a \"claim\" next to it" },
		{ "a subject is one of RFC 4514",
		    "roles:\n  r: {granted_to: [{certificate: \"/CN=a/O=b\"}]}",
		    "policy.yaml:2:34: /roles/r/granted_to/0/certificate: is not a subject (RFC "
		    "4514): character 1: an attribute type, like CN, must stand here" },
		{ "an empty subject is a mistake",
		    "roles: {r: {granted_to: [{issuer: okta, certificate: \"\"}]}}",
		    "must not be empty" },
		{ "a network is one", "roles: {r: {granted_to: [{peer: office}]}}",
		    "/roles/r/granted_to/0/peer: must be an address or a network" },
		{ "a network has no bits beyond its prefix",
		    "roles: {r: {granted_to: [{issuer: okta, peer: 10.0.0.1/8}]}}",
		    "/peer: has bits beyond its prefix" },
		{ "a subject is one text", "roles: {r: {granted_to: [{certificate: [CN=a]}]}}",
		    "/certificate: must be" },
		{ "prefix needs a claim", "roles: {r: {granted_to: [{issuer: okta, prefix: x}]}}",
		    "/prefix: needs a \"claim\"" },
		{ "exists needs a claim",
		    "roles: {r: {granted_to: [{issuer: okta, exists: true}]}}",
		    "/exists: needs a \"claim\"" },
		{ "an empty prefix would hold always",
		    "roles: {r: {granted_to: [{claim: /a, prefix: \"\"}]}}", "must not be empty" },
		{ "a claim is not asked to be absent",
		    "roles: {r: {granted_to: [{claim: /a, exists: false}]}}", "must be true" },
		{ "a claim is asked in one way",
		    "roles: {r: {granted_to: [{claim: /a, equals: x, prefix: x}]}}",
		    "/prefix: is one too many" },
		{ "a claim is asked in one way, also with exists",
		    "roles: {r: {granted_to: [{claim: /a, equals: x, exists: true}]}}",
		    "/exists: is one too many" },
		{ "an empty list of scopes would hold always",
		    "roles: {r: {granted_to: [{issuer: okta, scope: []}]}}",
		    "/granted_to/0/scope: is empty" },
		{ "so would one of groups", "roles: {r: {granted_to: [{issuer: okta, group: []}]}}",
		    "/group: is empty" },
		{ "and one of roles", "roles: {r: {granted_to: [{role: []}]}}", "/role: is empty" },
		{ "an empty entry is a mistake", "roles: {r: {granted_to: [{role: [a, \"\"]}]}}",
		    "must not be empty" },
		{ "an empty equals is a mistake",
		    "roles: {r: {granted_to: [{claim: /a, equals: []}]}}", "is empty" },
		{ "a claim is a JSON Pointer", "roles: {r: {granted_to: [{claim: a}]}}",
		    "/roles/r/granted_to/0/claim: must be a JSON Pointer" },
		{ "an unknown condition is a mistake",
		    "roles: {r: {granted_to: [{issuer: okta, scopes: x}]}}", "unknown key" },
		{ "granted_to is a list", "roles: {r: {granted_to: {issuer: okta}}}",
		    "must be a list" },
		{ "a user is a local one", "roles: {r: {granted_to: [{issuer: okta, user: u}]}}",
		    "is a user of the local issuer" },
		{ "a comma in a role's name is a mistake", "roles: {\"a,b\": {}}",
		    "must not contain a comma" },
		{ "a line end in a role's name is a mistake", "roles: {\"a\\nb\": {}}",
		    "control character" },
		{ "a role twice is a mistake", "roles: {a: {}, a: {}}", "" },
		{ "a default is deny or public", "default: allow", "/default: must be one of" },
	};

	(void)state;
	check_mistakes(cases, COUNT_OF(cases));
}

static void
mistakes_in_modules_are_reported(void **state)
{
	static const struct mistake_case cases[] = {
		{ "a module has paths", "modules: {m: {upstream: \"http://x\"}}",
		    "\"paths\" is missing" },
		{ "a module has at least one path", "modules: {m: {paths: []}}", "is empty" },
		{ "a path starts with a slash", "modules: {m: {paths: [a]}}",
		    "/modules/m/paths/0: must start with \"/\"" },
		{ "a path does not end in one", "modules: {m: {paths: [/ok, /a/]}}",
		    "/modules/m/paths/1: must not end in" },
		{ "a path belongs to one module",
		    "modules: {a: {paths: [\"/x/*\"]}, b: {paths: [\"/y\", \"/x/*\"]}}",
		    "/modules/b/paths/1: is also a path of module \"a\"" },
		{ "another spelling is the same path",
		    "modules: {a: {paths: [\"/x!\"]}, b: {paths: [\"/x%21\"]}}",
		    "/modules/b/paths/0: is also a path of module \"a\"" },
		{ "a path is listed once", "modules: {a: {paths: [/x, /x]}}", "is listed twice" },
		{ "an upstream is a URL", "modules: {a: {paths: [/x], upstream: \"crm:8080\"}}",
		    "write \"http://crm:8080\"" },
		{ "an upstream names a host", "modules: {a: {paths: [/x], upstream: \"http://\"}}",
		    "/modules/a/upstream: must name a host" },
		{ "an upstream names no user",
		    "modules: {a: {paths: [/x], upstream: \"http://u:p@h\"}}",
		    "/modules/a/upstream: must not contain a user or a password" },
		{ "credentials have a place", "modules:\n  a: {paths: [/x], credentials: {}}",
		    "policy.yaml:2:33: /modules/a/credentials: names no place: give cookie" },
		{ "a place that is false is none",
		    "modules: {a: {paths: [/x], credentials: {websocket_protocol: false}}}",
		    "/modules/a/credentials: names no place" },
		{ "a place is one of three",
		    "modules: {a: {paths: [/x], credentials: {header: X, cookie: t}}}",
		    "/modules/a/credentials/header: unknown key" },
		{ "a cookie's name is a token",
		    "modules: {a: {paths: [/x], credentials: {cookie: \"a;b\"}}}",
		    "/modules/a/credentials: \"a;b\" cannot be a name without an escape" },
		{ "a parameter's name needs no escape",
		    "modules: {a: {paths: [/x], credentials: {query: \"a=b\"}}}",
		    "/modules/a/credentials: \"a=b\" cannot be a name without an escape" },
		{ "a parameter's name is not empty",
		    "modules: {a: {paths: [/x], credentials: {query: \"\"}}}",
		    "must not be empty" },
		{ "an allowance is one of seven", "modules: {a: {paths: [/x], path_allow: [dots]}}",
		    "/modules/a/path_allow/0: must be semicolon" },
	};

	(void)state;
	check_mistakes(cases, COUNT_OF(cases));
}

static void
mistakes_in_privileges_are_reported(void **state)
{
	static const struct mistake_case cases[] = {
		{ "a role must be known", "privileges: {p: {paths: [/a], roles: [nobody]}}",
		    "/privileges/p/roles/0: no role of that name" },
		{ "a role that is nearly there is named",
		    "roles: {reader: {}}\nprivileges: {p: {paths: [/a], roles: [raeder]}}",
		    "no role of that name; did you mean \"reader\"?" },
		{ "so is a module",
		    "modules: {customer: {paths: [/a]}}\nprivileges: {p: {modules: [custommer]}}",
		    "no module of that name; did you mean \"customer\"?" },
		{ "a star is no role", "privileges: {p: {paths: [/a], roles: \"*\"}}",
		    "no role of that name: for any authenticated caller leave \"roles\" out" },
		{ "nor a module", "privileges: {p: {modules: [\"*\"]}}",
		    "no module of that name: list each, or write paths: [\"/*\"]" },
		{ "nor a method", "privileges: {p: {paths: [/a], methods: [\"*\"]}}",
		    "for every method leave \"methods\" out" },
		{ "match refers to a segment",
		    "privileges: {p: {paths: [\"/x/{id}\"], match: {tenant: /tid}}}",
		    "/privileges/p/paths/0: has no {tenant}, to which \"match\" of privilege \"p\" "
		    "refers" },
		{ "of every path", "privileges: {p: {paths: [\"/x/{t}\", /y], match: {t: /tid}}}",
		    "/privileges/p/paths/1: has no {t}" },
		{ "also of those of its modules",
		    "modules: {m: {paths: [\"/m/*\"]}}\n"
		    "privileges: {p: {paths: [\"/x/{t}\"], modules: [m], match: {t: /tid}}}",
		    "/privileges/p/modules/0: has no {t}, to which \"match\" of privilege \"p\" "
		    "refers: /m/*" },
		{ "a star has no name", "privileges: {p: {paths: [\"/x/*/y\"], match: {t: /tid}}}",
		    "has no {t}" },
		{ "match is a pointer", "privileges: {p: {paths: [\"/x/{t}\"], match: {t: tid}}}",
		    "/privileges/p/match/t: must be a JSON Pointer" },
		{ "and nothing else", "privileges: {p: {paths: [\"/x/{t}\"], match: {t: [/a]}}}",
		    "/privileges/p/match/t: must be a JSON Pointer" },
		{ "an empty match is a mistake", "privileges: {p: {paths: [/x], match: {}}}",
		    "/privileges/p/match: is empty" },
		{ "one path has its names in one place",
		    "privileges: {p: {paths: [\"/{a}/{t}\", \"/{t}/{b}\"], match: {t: /tid}}}",
		    "/privileges/p/paths/1: is the same path as \"/{a}/{t}\" of this privilege" },
		{ "two names of one path are one path",
		    "privileges: {p: {paths: [\"/x/{a}\"]}, q: {paths: [\"/x/{b}\"]}}",
		    "privilege \"p\" already has the same path for every method" },
		{ "two that overlap with equally much text",
		    "privileges: {p: {paths: [\"/x/a*\"]}, q: {paths: [\"/x/*b\"], methods: "
		    "[GET]}}",
		    "\"/x/a*\" and \"/x/*b\" (policy.yaml:1) match the same paths, and none is" },
		{ "also of public paths", "public: [\"/a*/c\", \"/*b/*\"]",
		    "match the same paths" },
		{ "also of modules",
		    "modules: {m: {paths: [\"/x/a*\"]}, n: {paths: [\"/x/*b\"]}}\n"
		    "privileges: {p: {paths: [\"/*\"]}}",
		    "match the same paths" },
		{ "a prefix that is stripped has no name",
		    "modules: {m: {paths: [\"/a/{b}/*\"], upstream: {url: \"http://h\", "
		    "strip_prefix: "
		    "\"/a/{b}\"}}}",
		    "must be a path such as /customer" },
		{ "a name in angle brackets is not one", "privileges: {p: {paths: [\"/x/<id>\"]}}",
		    "<NAME> is not supported here: write \"*\" instead" },
		{ "a pattern is no URL", "privileges: {p: {paths: [\"https://host/x\"]}}",
		    "must start with \"/\": write the path alone, without scheme and host" },
		{ "nor a regular expression", "privileges: {p: {paths: [\"^/x\"]}}",
		    "it is no regular expression" },
		{ "a star alone is every path", "privileges: {p: {paths: [\"*\"]}}",
		    "must start with \"/\": every path is \"/*\"" },
		{ "what the gate refuses is said", "privileges: {p: {paths: [/a/../b]}}",
		    "no path can match it: the gate refuses a segment of dots" },
		{ "two stars are none", "privileges: {p: {paths: [\"/x/**\"]}}",
		    "the whole subtree" },
		{ "a role's name is compared whole",
		    "roles: {ab: {}}\nprivileges: {p: {paths: [/a], roles: [a]}}",
		    "no role of that name" },
		{ "a module must be known", "privileges: {p: {modules: [none]}}",
		    "/privileges/p/modules/0: no module of that name" },
		{ "a privilege protects something", "privileges: {p: {roles: []}}",
		    "/privileges/p: needs \"paths\" or \"modules\"" },
		{ "a method is written in capitals",
		    "privileges: {p: {paths: [/a], methods: [get]}}",
		    "/privileges/p/methods/0: must be a method in capitals" },
		{ "HEAD is not told apart from GET",
		    "privileges: {p: {paths: [/a], methods: [GET, HEAD]}}", "GET includes HEAD" },
		{ "a pattern is checked", "privileges: {p: {paths: [\"/a**\"]}}",
		    "/privileges/p/paths/0: must have at most one \"*\"" },
		{ "a role of all_roles is known", "privileges: {p: {paths: [/a], all_roles: [x]}}",
		    "/privileges/p/all_roles/0: no role of that name" },
		{ "a role of deny is known", "privileges: {p: {paths: [/a], deny: [x]}}",
		    "/privileges/p/deny/0: no role of that name" },
		{ "a role opens or is denied",
		    "roles: {r: {}}\nprivileges: {p: {paths: [/a], roles: [r], deny: [r]}}",
		    "/privileges/p/deny/0: is also a role that opens this privilege" },
		{ "a misspelt key is a mistake", "privileges: {p: {paths: [/a], role: [x]}}",
		    "unknown key" },
		{ "shadow is true or false", "privileges: {p: {paths: [/a], shadow: maybe}}",
		    "must be true or false" },
	};

	(void)state;
	check_mistakes(cases, COUNT_OF(cases));
}

static void
equal_pattern_and_method_twice_is_a_mistake(void **state)
{
	static const struct mistake_case cases[] = {
		{ "without methods", "privileges:\n  p: {paths: [/a]}\n  q: {paths: [/a]}",
		    "policy.yaml:3:15: /privileges/q/paths/0: privilege \"p\" already has the same "
		    "path "
		    "for every method (policy.yaml:2)" },
		{ "every method holds one",
		    "privileges: {p: {paths: [/a]}, q: {paths: [/a], methods: [PUT]}}",
		    "already has the same path for PUT" },
		{ "one holds every method",
		    "privileges: {p: {paths: [/a], methods: [PUT]}, q: {paths: [/a]}}",
		    "already has the same path for PUT" },
		{ "one method in common",
		    "privileges: {p: {paths: [/a], methods: [GET, PUT]}, "
		    "q: {paths: [/a], methods: [POST, PUT]}}",
		    "already has the same path for PUT" },
		{ "by way of a module",
		    "modules: {m: {paths: [\"/a/*\"]}}\n"
		    "privileges: {p: {modules: [m]}, q: {paths: [\"/a/*\"]}}",
		    "/privileges/q/paths/0: privilege \"p\" already has the same path" },
		{ "in another spelling",
		    "privileges: {p: {paths: [\"/a!\"]}, q: {paths: [\"/a%21\"]}}",
		    "privilege \"p\" already has the same path" },
		{ "public and privileged", "privileges: {p: {paths: [/a]}}\npublic: [/a]",
		    "/public/0: the same path is public and under privilege \"p\"" },
		{ "public twice", "public: [/a, /a]", "/public/1: is listed twice" },
		{ "a public pattern is checked", "public: [/a, b]", "/public/1: must start with" },
	};

	(void)state;
	check_mistakes(cases, COUNT_OF(cases));
}

static void
all_mistakes_are_reported_at_once(void **state)
{
	struct load load;

	(void)state;
	load_init(&load);
	load_read(&load, SPAN("roles: {r: {granted_to: [{issuer: x}, {}]}}\n"
			      "modules: {m: {paths: [a, b/]}}\n"
			      "privileges: {p: {roles: [s, t], paths: [\"/x**\"]}}\n"
			      "public: [y]\n"));
	assert_int_equal(load.mistakes.errors, 8);
	load_done(&load);
}

static void
what_belongs_together_is_no_mistake(void **state)
{
	static const char *const texts[] = {
		"{}",
		"roles: {}",
		"roles: {r: {}}\nprivileges: {p: {paths: [/a], roles: [r]}}",
		"roles:\n  r:\nprivileges: {p: {paths: [/a], roles: [r]}}",
		/* the same path by a module and by itself is one */
		"modules: {m: {paths: [\"/a/*\"]}}\n"
		"privileges: {p: {modules: [m], paths: [\"/a/*\"]}}",
		"privileges: {p: {paths: [/a], methods: [GET]}, q: {paths: [/a], methods: [POST]}}",
		"privileges: {p: {paths: /a, methods: GET}}",
		"modules: {m: {paths: /a, upstream: \"unix:/run/a.sock\"}}\n"
		"privileges: {p: {modules: m}}",
		"modules: {m: {paths: [\"/a;b\"], path_allow: semicolon}}\n"
		"privileges: {p: {modules: m}}",
		"roles: {r: {granted_to: [{issuer: okta}, {issuer: entra, group: a-b},\n"
		"  {client: c}, {user: u}, {issuer: okta, client: c}, {issuer: local, user: u},\n"
		"  {claim: /x}, {claim: /x~1y, equals: [a, b]}, {scope: s}, {role: r}]}}\n"
		"privileges: {p: {paths: [/a], roles: [r], scopes: []}}",
		"privileges: {p: {label: L, description: D, paths: [/a], shadow: true}}",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct load load;
		struct buffer lines;

		load_init(&load);
		load_read(&load, span_of(texts[i]));
		load_told(&load, &lines);
		if (load.mistakes.errors != 0 || load.mistakes.warnings != 0)
			fail_msg("%s\n%s", texts[i], lines.at);
		buffer_done(&lines);
		load_done(&load);
	}
}

static void
roles_are_found_by_their_whole_name(void **state)
{
	struct load load;
	static const char *const names[] = { "a", "b", "SODA Developer", "oracle.x", "ab", "abc" };

	(void)state;
	load_good(&load, SPAN("roles: {b: {}, a: {}, abc: {}, SODA Developer: {}, oracle.x: {}, "
			      "ab: {}}"));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		const struct role *role = role_find(&load.policy, span_of(names[i]));

		assert_non_null(role);
		assert_string_equal(role->name, names[i]);
		assert_ptr_equal(&load.policy.roles[role->index], role);
	}
	assert_null(role_find(&load.policy, SPAN("A")));
	assert_null(role_find(&load.policy, SPAN("SODA")));
	assert_null(role_find(&load.policy, SPAN("abcd")));
	assert_null(role_find(&load.policy, SPAN("")));
	assert_null(role_find(&load.policy, (struct span){ NULL, 0 }));
	load_done(&load);
}

static void
modules_keep_their_upstream(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN("modules:\n"
			      "  a: {paths: [\"/a/*\"], upstream: \"http://crm:8080\"}\n"
			      "  b: {paths: [/b], path_allow: [semicolon, trailing_dot]}\n"));
	assert_int_equal(load.policy.module_count, 2);
	assert_string_equal(load.policy.modules->upstream->url, "http://crm:8080");
	assert_int_equal(load.policy.modules->index, 0);
	assert_null(load.policy.modules->next->upstream);
	assert_int_equal(
	    load.policy.modules->next->path_allow, TARGET_SEMICOLON | TARGET_TRAILING_DOT);
	assert_int_equal(load.policy.modules->next->index, 1);
	load_done(&load);
}

static void
roles_are_limited(void **state)
{
	struct load load;
	struct buffer text;

	(void)state;
	buffer_init(&text, 1 << 20);
	buffer_add_text(&text, "roles:\n");
	for (int i = 0; i <= POLICY_MAX_ROLES; i++)
		buffer_format(&text, "  r%d: {}\n", i);
	load_init(&load);
	load_read(&load, buffer_span(&text));
	assert_int_equal(load.mistakes.errors, 1);
	load_done(&load);
	buffer_done(&text);
}

/* Whatever is missing, nothing is open. */
static void
an_empty_policy_refuses(void **state)
{
	struct load load;
	struct target target = { .path = SPAN("/a") };
	struct route_match route;
	struct policy blank = { .default_public = true };

	(void)state;
	load_init(&load);
	policy_read(NULL, &load.names, &load.policy, &load.mistakes);
	assert_int_equal(load.mistakes.errors, 0);
	decide_route(&load.policy, SPAN("GET"), &target, &route);
	assert_int_equal(route.reason, REASON_NO_RULE);
	decide_route(&blank, SPAN("GET"), &target, &route);
	assert_int_equal(route.reason, REASON_NO_RULE);
	assert_false(route.public);
	load_done(&load);
}

static const char torture[] = "roles: {r: {granted_to: [{issuer: okta, claim: /a, equals: x}]}}\n"
			      "modules: {m: {paths: [\"/m/*\"]}}\n"
			      "privileges: {p: {modules: [m], methods: [GET], roles: [r]}}\n"
			      "public: [/h]\n"
			      "default: public\n";

/* Out of memory at any point is told, and the policy that is left opens nothing. */
static void
no_memory_is_a_mistake(void **state)
{
	struct target target = { .path = SPAN("/m/1") };
	struct load load;
	struct node *root = NULL;
	struct arena small;
	struct route_match route;
	size_t refused = 0, bytes = 0;

	(void)state;
	load_init(&load);
	assert_true(document_parse(span_of(torture), "policy.yaml", &load.mistakes, &root));
	for (; bytes < 16384; bytes += 16) {
		struct mistakes mistakes = { .arena = &small };

		arena_init(&small, bytes);
		policy_read(root, &load.names, &load.policy, &mistakes);
		decide_route(&load.policy, SPAN("GET"), &target, &route);
		refused += mistakes.errors > 0;
		assert_false(route.public);
		if (mistakes.errors > 0)
			assert_int_equal(route.reason, REASON_NO_RULE);
		else
			assert_string_equal(route.privilege->name, "p");
		arena_done(&small);
	}
	assert_int_not_equal(refused, 0);
	assert_int_not_equal(refused, bytes / 16);
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mistakes_in_roles_are_reported),
		cmocka_unit_test(mistakes_in_modules_are_reported),
		cmocka_unit_test(mistakes_in_privileges_are_reported),
		cmocka_unit_test(equal_pattern_and_method_twice_is_a_mistake),
		cmocka_unit_test(all_mistakes_are_reported_at_once),
		cmocka_unit_test(what_belongs_together_is_no_mistake),
		cmocka_unit_test(roles_are_found_by_their_whole_name),
		cmocka_unit_test(modules_keep_their_upstream),
		cmocka_unit_test(roles_are_limited),
		cmocka_unit_test(an_empty_policy_refuses),
		cmocka_unit_test(no_memory_is_a_mistake),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
