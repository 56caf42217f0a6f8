/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

#define PATH(path) "privileges: {p: {paths: [\"" path "\"]}}"
#define AT_PATH "/privileges/p/paths/0: warning: "
#define REFUSES "can never match: the gate refuses "

/* `told`: part of the one warning; "": there is none. */
/* A path of its own within the rule for all. */
#define WITHIN(path) "privileges: {p: {paths: [\"/*\"]}, q: {paths: [\"" path "\"]}}"

static const struct {
	const char *true_of_it, *text, *told;
} cases[] = {
	{ "a name behind a colon is that text", PATH("/a/:id/b"),
	    AT_PATH "\":id\" means exactly that text; for any segment write \"/a/*/b\"" },
	{ "a last one becomes the subtree", PATH("/a/:id"),
	    "write \"/a/*\", which also matches all paths below it" },
	{ "a subtree stays one", PATH("/a/:id/*"), "for any segment write \"/a/*/*\"\n" },
	{ "two of them", PATH("/a/:x/:y"),
	    "\":x\" means exactly that text; for any segment write "
	    "\"/a/*/*\", which also matches" },
	{ "a name in brackets", PATH("/a/[id]"), "\"[id]\" means exactly that text" },
	{ "a colon inside a segment is meant", PATH("/v1/jobs:cancel"), "" },
	{ "so is a bracket", PATH("/a/b[1]"), "" },
	{ "the root has none", PATH("/"), "" },

	{ "a semicolon is refused", PATH("/a;b"),
	    AT_PATH REFUSES "a semicolon in a segment, but for the paths of a module with "
			    "path_allow: [semicolon]" },
	{ "an encoded one, too", PATH("/a%3Bb"), "path_allow: [semicolon]" },
	{ "an encoded slash is refused", PATH("/a%2Fb/*"), "path_allow: [encoded_delimiters]" },
	{ "a dot at the end is refused", PATH("/a./b"), "path_allow: [trailing_dot]" },
	{ "a percent sign is refused", PATH("/100%25"), "path_allow: [encoded_percent]" },
	{ "an encoded backslash is refused", PATH("/a%5Cb"), "path_allow: [encoded_backslash]" },
	{ "a slash by another name is refused", PATH("/a%EF%BC%8Fb"), "path_allow: [any_utf8]" },
	{ "a pipe is refused", PATH("/a|b"), "refuses a plain |, but" },
	{ "all at once", PATH("/a;b%2Fc./d%25%5Ce%EF%BC%8Ff|"),
	    "path_allow: [semicolon, encoded_delimiters, trailing_dot, encoded_percent, "
	    "encoded_backslash, any_utf8, raw_pipe]" },
	{ "several at once", PATH("/a;b/c."), "path_allow: [semicolon, trailing_dot]" },
	{ "the module's own path", "modules: {m: {paths: [/a;b]}}\nprivileges: {p: {modules: [m]}}",
	    "/modules/m/paths/0: warning: " REFUSES "a semicolon in a segment; to let it pass, "
	    "give module \"m\" path_allow: [semicolon]" },
	{ "a module that allows something else",
	    "modules: {m: {paths: [\"/a/*\"], path_allow: [trailing_dot]}}\n" WITHIN("/a/b;c."),
	    "give module \"m\" path_allow: [semicolon]" },
	{ "a module that allows it",
	    "modules: {m: {paths: [\"/a/*\"], path_allow: [semicolon]}}\n" WITHIN("/a/b;c"), "" },
	{ "a module that may serve some of its paths",
	    "modules: {m: {paths: [\"/x/b;c\"], path_allow: [semicolon]}}\n" WITHIN("/*/b;c"), "" },
	{ "a module elsewhere does not help",
	    "modules: {m: {paths: [\"/b/*\"], path_allow: [semicolon]}}\n" WITHIN("/a;c"),
	    "/privileges/q/paths/0: warning: " REFUSES },

	{ "the gate's own path", "public: [/oauth/token]",
	    "/public/0: warning: the gate itself answers /oauth/token, before it looks at the "
	    "policy: leave it out" },
	{ "all below it", PATH("/oauth/token/*"), "the gate itself answers /oauth/token" },
	{ "as a module", "modules: {m: {paths: [/own]}}\nprivileges: {p: {paths: [\"/*\"]}}",
	    "/modules/m/paths/0: warning: the gate itself answers /own" },
	{ "a wider path has others", PATH("/oauth/*"), "" },
	{ "a longer name is another", PATH("/oauth/tokens"), "" },
};

static void
a_path_that_means_something_else_is_warned_of(void **state)
{
	static const char *own[] = { "/own", "/oauth/token" };
	static const struct texts own_paths = { .at = own, .count = COUNT_OF(own) };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct load load;
		struct buffer lines;
		size_t want = cases[i].told[0] == '\0' ? 0 : 1;

		load_init(&load);
		load.names.own_paths = &own_paths;
		load_read(&load, span_of(cases[i].text));
		load_told(&load, &lines);
		if (load.mistakes.errors != 0 || load.mistakes.warnings != want ||
		    strstr(lines.at, cases[i].told) == NULL)
			fail_msg("%s: want \"%s\", got\n%s", cases[i].true_of_it, cases[i].told,
			    lines.at);
		buffer_done(&lines);
		load_done(&load);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_path_that_means_something_else_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
