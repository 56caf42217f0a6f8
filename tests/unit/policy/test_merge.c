/* SPDX-License-Identifier: Apache-2.0 */
/* Several policy files are one policy. */
#include "load.h"

#include "policy/decide.h"
#include "policy/merge.h"

/* Read these files as one. */
static void
read_files(struct load *load, const char *const *texts, size_t count)
{
	static const char *const names[] = { "a.yaml", "b.yaml", "c.yaml" };
	struct node *all = NULL;

	load_init(load);
	for (size_t i = 0; i < count && texts[i] != NULL; i++) {
		struct node *root = NULL;

		assert_true(document_parse(span_of(texts[i]), names[i], &load->mistakes, &root));
		assert_non_null(root);
		if (all == NULL)
			all = root;
		else
			merge(all, root, &load->mistakes);
	}
	policy_read(all, &load->names, &load->policy, &load->mistakes);
}

static const struct {
	const char *true_of_it, *texts[3];
	const char *told; /* the one mistake or warning; "": none */
} rows[] = {
	{ "sections are joined",
	    { "roles: {r: {granted_to: [{issuer: okta}]}}\npublic: [/a]",
		"privileges: {p: {paths: [/p], roles: [r]}}",
		"modules: {m: {paths: [/p]}}\npublic: [/b]" },
	    "" },
	{ "one public path is a list, too", { "public: /a", "public: /b", "public: [/c]" }, "" },
	{ "a role is in one file",
	    { "roles: {r: {granted_to: [{issuer: okta}]}}",
		"privileges: {p: {paths: [/p], roles: [r]}}\nroles:\n  r: {}" },
	    "b.yaml:3:3: /roles/r: is also in a.yaml:1" },
	{ "so is a privilege",
	    { "privileges: {p: {paths: [/p]}}", "privileges: {p: {paths: [/q]}}" },
	    "b.yaml:1:14: /privileges/p: is also in a.yaml:1" },
	{ "and a module",
	    { "privileges: {p: {paths: [/*]}}\nmodules: {m: {paths: [/p]}}",
		"modules: {m: {paths: [/q]}}" },
	    "/modules/m: is also in a.yaml:2" },
	{ "and the default", { "public: [/x]\ndefault: deny", "default: deny" },
	    "b.yaml:1:1: /default: is also in a.yaml:2" },
	{ "a public path is in one file", { "public: [/a, /b]", "public: [/c, /b]" },
	    "b.yaml:1:14: /public/1: is listed twice" },
	{ "a path and method is in one file",
	    { "privileges:\n  p: {paths: [/x], methods: [GET]}",
		"privileges: {q: {paths: [/y, /x]}}" },
	    "b.yaml:1:30: /privileges/q/paths/1: privilege \"p\" already has the same path for GET "
	    "(a.yaml:2)" },
	{ "a path of a module, too",
	    { "privileges: {p: {paths: [/*]}}\nmodules: {m: {paths: [/x]}}",
		"modules: {n: {paths: [/y, /x]}}" },
	    "b.yaml:1:27: /modules/n/paths/1: is also a path of module \"m\" (a.yaml:2)" },
	{ "patterns that overlap",
	    { "public: [\"/x/a*\"]", "privileges: {p: {paths: [\"/x/*b\"]}}" },
	    "match the same paths" },
	{ "unknown keys are told where they are", { "public: [/a]", "nothing: 1" },
	    "b.yaml:1:1: /nothing: unknown key" },
	{ "a file is a map", { "public: [/a]", "- a" }, "b.yaml:1:1: /: must be a map" },
	{ "a section is a map", { "roles: {}\npublic: [/a]", "roles: [a]" },
	    "b.yaml:1:1: /roles: is also in" },
	{ "a warning is of its own file", { "public: [/a]", "public: [/b, \"/:id\"]" },
	    "b.yaml:1:14: /public/1: warning: " },
};

static void
many_files_are_one_policy(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct load load;
		struct buffer lines;
		size_t want = rows[i].told[0] == '\0' ? 0 : 1;

		read_files(&load, rows[i].texts, COUNT_OF(rows[i].texts));
		load_told(&load, &lines);
		if (load.mistakes.errors + load.mistakes.warnings != want ||
		    strstr(lines.at, rows[i].told) == NULL)
			fail_msg(
			    "%s: want \"%s\", got\n%s", rows[i].true_of_it, rows[i].told, lines.at);
		buffer_done(&lines);
		load_done(&load);
	}
}

static void
what_every_file_says_holds(void **state)
{
	static const char *const texts[] = { "public: /a", "privileges: {p: {paths: [/b]}}",
		"public: [/c, /d]\nprivileges: {q: {paths: [/e]}}" };
	static const char *const public[] = { "/a", "/c", "/d" }, *const known[] = { "/b", "/e" };
	struct route_match route;
	struct target target;
	struct load load;

	(void)state;
	read_files(&load, texts, COUNT_OF(texts));
	assert_int_equal(load.mistakes.errors, 0);
	for (size_t i = 0; i < COUNT_OF(public); i++) {
		assert_int_equal(target_read(span_of(public[i]), &load.arena, &target), REASON_OK);
		decide_route(&load.policy, SPAN("GET"), &target, &route);
		assert_true(route.public);
	}
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		assert_int_equal(target_read(span_of(known[i]), &load.arena, &target), REASON_OK);
		decide_route(&load.policy, SPAN("GET"), &target, &route);
		assert_non_null(route.privilege);
	}
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(many_files_are_one_policy),
		cmocka_unit_test(what_every_file_says_holds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
