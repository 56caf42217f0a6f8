/* SPDX-License-Identifier: Apache-2.0 */
/* `case_sensitive: false`: who decides about a path, and who serves it. */
#include "load.h"

#include "policy/decide.h"

#define POLICY                                                                                     \
	"modules:\n"                                                                               \
	"  iis: {paths: [\"/Api/*\", \"/files/*.ASPX\"], case_sensitive: false}\n"                 \
	"  deep: {paths: [\"/api/Deep/*\"]}\n"                                                     \
	"  all: {paths: [\"/*\"]}\n"                                                               \
	"  other: {paths: [\"/other/*\"]}\n"                                                       \
	"privileges:\n"                                                                            \
	"  wide: {paths: [\"/api/*\"]}\n"                                                          \
	"  admin: {paths: [\"/API/Admin/*\"]}\n"                                                   \
	"  pages: {paths: [\"/files/*.aspx\"]}\n"                                                  \
	"  files: {paths: [\"/files/*\"]}\n"                                                       \
	"  mine: {paths: [\"/api/t/{T}\"], match: {T: /tid}}\n"                                    \
	"  one: {paths: [\"/other/x\"]}\n"                                                         \
	"  two: {paths: [\"/other/X\"]}\n"                                                         \
	"public: [/API/Open, /rest]\n"

static const struct {
	const char *target, *module, *pattern; /* NULL: none */
	enum reason reason;
} rows[] = {
	{ "/api/x", "iis", "/api/*", REASON_OK },
	{ "/API/X", "iis", "/api/*", REASON_OK },
	{ "/aPi", "iis", "/api/*", REASON_OK },
	{ "/api/admin", "iis", "/API/Admin/*", REASON_OK },
	{ "/api/ADMIN/x", "iis", "/API/Admin/*", REASON_OK },
	{ "/api/%61dMin/x", "iis", "/API/Admin/*", REASON_OK },
	{ "/api/open", "iis", "/API/Open", REASON_OK },
	{ "/files/a.aspx", "iis", "/files/*.aspx", REASON_OK },
	{ "/FILES/A.AsPx", "iis", "/files/*.aspx", REASON_OK },
	{ "/files/a.txt", "all", "/files/*", REASON_OK },
	{ "/Files/a.txt", "all", NULL, REASON_NO_RULE },
	/* a narrower module that does not ignore case is that for its own spelling alone */
	{ "/api/Deep/x", "deep", "/api/*", REASON_OK },
	{ "/api/deep/x", "iis", "/api/*", REASON_OK },
	/* elsewhere case counts */
	{ "/rest", "all", "/rest", REASON_OK },
	{ "/Rest", "all", NULL, REASON_NO_RULE },
	{ "/other/x", "other", "/other/x", REASON_OK },
	{ "/other/X", "other", "/other/X", REASON_OK },
	/* what only looks like a letter, there and wherever it could lead there */
	{ "/api/%E2%84%AA", "iis", "/api/*", REASON_PATH_AMBIGUOUS },
	{ "/api/admin%C5%BF", "iis", "/api/*", REASON_PATH_AMBIGUOUS },
	{ "/api/%EF%BD%81dmin", "iis", "/api/*", REASON_PATH_AMBIGUOUS },
	{ "/ap%C4%B1/admin", "all", NULL, REASON_PATH_AMBIGUOUS },
	{ "/%EF%BD%81pi/admin", "all", NULL, REASON_PATH_AMBIGUOUS },
	{ "/api/%C3%A9%E4%B8%AD%F0%9F%98%80", "iis", "/api/*", REASON_OK },
	{ "/api/%E2%AA%80", "iis", "/api/*", REASON_OK },
	{ "/other/%C5%BF", "other", NULL, REASON_NO_RULE },
};

static void
the_module_says_whether_case_counts(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN(POLICY));
	for (size_t i = 0; i < COUNT_OF(rows); i++) {
		struct target target;
		struct route_match route;

		assert_int_equal(
		    target_read(span_of(rows[i].target), &load.arena, &target), REASON_OK);
		decide_route(&load.policy, SPAN("GET"), &target, &route);
		if (route.reason != rows[i].reason ||
		    (route.module == NULL) != (rows[i].module == NULL) ||
		    (route.module != NULL && strcmp(route.module->name, rows[i].module) != 0) ||
		    (route.pattern == NULL) != (rows[i].pattern == NULL) ||
		    (route.pattern != NULL && strcmp(route.pattern, rows[i].pattern) != 0))
			fail_msg("%s: %s, module %s, pattern %s", rows[i].target,
			    reason_word(route.reason),
			    route.module == NULL ? "none" : route.module->name, route.pattern);
	}
	load_done(&load);
}

static const struct {
	const char *true_of_it, *text, *told;
} mistakes[] = {
	{ "two rules that differ by case",
	    "modules: {m: {paths: [\"/a/*\"], case_sensitive: false}}\n"
	    "privileges: {p: {paths: [\"/a/x\"]}, q: {paths: [\"/A/X\"], methods: [GET]}}",
	    "but for upper and lower case it is the path \"/" },
	{ "two modules that differ by case",
	    "modules: {m: {paths: [\"/a/*\"], case_sensitive: false}, n: {paths: [\"/A/*\"], "
	    "case_sensitive: false}}\npublic: [\"/*\"]",
	    "/modules/n/paths/0: but for upper and lower case it is also a path of module \"m\"" },
	{ "one of which ignores it",
	    "modules: {m: {paths: [\"/a/*\"], case_sensitive: false}, n: {paths: [\"/A/*\"]}}\n"
	    "public: [\"/*\"]",
	    "/modules/n/paths/0: but for upper and lower case" },
	{ "overlapping but for case",
	    "modules: {m: {paths: [\"/a/*\"], case_sensitive: false}}\n"
	    "privileges: {p: {paths: [\"/a/Xa*\"]}, q: {paths: [\"/a/x*b\"]}}",
	    "match the same paths" },
	{ "a prefix to strip",
	    "modules:\n  m: {paths: [\"/a/*\"], case_sensitive: false, upstream: {url: "
	    "\"http://h\", strip_prefix: /a}}\npublic: [\"/*\"]",
	    "/case_sensitive: cannot be false with \"strip_prefix\"" },
	{ "a word", "modules: {m: {paths: [/a], case_sensitive: maybe}}\npublic: [/a]",
	    "/case_sensitive: must be true or false" },
};

static void
what_is_one_but_for_case_is_a_mistake(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
		struct load load;
		struct buffer lines;

		load_init(&load);
		load_read(&load, span_of(mistakes[i].text));
		load_told(&load, &lines);
		if (load.mistakes.errors != 1 || strstr(lines.at, mistakes[i].told) == NULL)
			fail_msg("%s: got\n%s", mistakes[i].true_of_it, lines.at);
		buffer_done(&lines);
		load_done(&load);
	}
}

/* A rule in another case protects the path, and may be laxer. */
static void
warnings_ignore_case_where_it_does_not_matter(void **state)
{
	struct load load;
	struct buffer lines;

	(void)state;
	load_init(&load);
	load_read(
	    &load, SPAN("roles: {r: {granted_to: [{issuer: okta}]}}\n"
			"modules: {m: {paths: [\"/A/*\"], case_sensitive: false}}\n"
			"privileges: {p: {paths: [\"/a/*\"], roles: [r]}}\npublic: [/A/x]\n"));
	load_told(&load, &lines);
	assert_int_equal(load.mistakes.errors, 0);
	assert_int_equal(load.mistakes.warnings, 1);
	assert_non_null(strstr(lines.at, "laxer than the wider \"/a/*\": it is public"));
	buffer_done(&lines);
	load_done(&load);
}

#define MANY 2000

/* Every path is held against every other, but there is no copy for each two. */
static void
memory_does_not_grow_with_the_square(void **state)
{
	struct load load;
	struct buffer text;

	(void)state;
	buffer_init(&text, 1 << 20);
	buffer_add_text(&text, "modules:\n");
	for (int i = 0; i < MANY; i++)
		buffer_format(
		    &text, "  m%d: {paths: [\"/Api/m%d/*\"], case_sensitive: false}\n", i, i);
	buffer_add_text(&text, "privileges:\n");
	for (int i = 0; i < MANY; i++)
		buffer_format(&text, "  p%d: {modules: [m%d]}\n", i, i);
	load_good(&load, buffer_span(&text));
	load_done(&load);
	buffer_done(&text);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_module_says_whether_case_counts),
		cmocka_unit_test(what_is_one_but_for_case_is_a_mistake),
		cmocka_unit_test(warnings_ignore_case_where_it_does_not_matter),
		cmocka_unit_test(memory_does_not_grow_with_the_square),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
