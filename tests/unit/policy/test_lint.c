/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

static void
read_without_local_issuer(struct load *load, const char *text)
{
	load_init(load);
	load->names.local_issuer = NULL;
	load_read(load, span_of(text));
}

static const struct {
	const char *true_of_it, *text, *told; /* "" : no warning */
} cases[] = {
	{ "a role nobody can get", "roles: {r: {}}\nprivileges: {p: {paths: [/a], roles: [r]}}",
	    "/roles/r: warning: nobody can get this role" },
	{ "a role only for local clients, without a local issuer",
	    "roles: {r: {granted_to: [{client: c}]}}\n"
	    "privileges: {p: {paths: [/a], roles: [r]}}",
	    "/roles/r: warning: nobody can get this role" },
	{ "a line that can never hold",
	    "roles: {r: {granted_to: [{user: c}, {issuer: okta}]}}\n"
	    "privileges: {p: {paths: [/a], roles: [r]}}",
	    "can never match: there is no local_issuer" },
	{ "a claim's name that is a URL and not escaped",
	    "roles: {r: {granted_to: [{issuer: okta, claim: \"/https://x/roles\", equals: a}]}}\n"
	    "privileges: {p: {paths: [/a], roles: [r]}}",
	    "write ~1 for it: \"/https:~1~1x~1roles\"" },
	{ "a dot that was to go into a claim",
	    "roles: {r: {granted_to: [{issuer: okta, claim: /a.b, equals: a}]}}\n"
	    "privileges: {p: {paths: [/a], roles: [r]}}",
	    "write \"/a/b\"" },
	{ "each entry of a list",
	    "roles: {r: {granted_to: [{issuer: okta, claim: \"/roles/*/name\", equals: a}]}}\n"
	    "privileges: {p: {paths: [/a], roles: [r]}}",
	    "/roles/r/granted_to/0/claim: warning: can never match" },
	{ "a claim that is named by a domain",
	    "roles: {r: {granted_to: [{issuer: okta, claim: /kubernetes.io/namespace, equals: "
	    "a}]}}\n"
	    "privileges: {p: {paths: [/a], roles: [r]}}",
	    "" },
	{ "a role no privilege uses", "roles: {r: {granted_to: [{issuer: okta}]}}",
	    "/roles/r: warning: no privilege uses this role" },
	{ "a module without a privilege", "modules: {m: {paths: [\"/a/*\"]}}",
	    "/modules/m/paths/0: warning: no privilege protects this path of module \"m\": "
	    "nobody can use it" },
	{ "a module without a privilege, in the open",
	    "modules: {m: {paths: [\"/a/*\"]}}\ndefault: public", "it is public" },
	{ "a module half covered",
	    "modules: {m: {paths: [\"/a/*\"]}}\nprivileges: {p: {paths: [\"/a/b/*\"]}}",
	    "no privilege protects this path" },
	{ "a module covered by a wider path",
	    "modules: {m: {paths: [\"/a/*\"]}}\nprivileges: {p: {paths: [\"/*\"]}}", "" },
	{ "a public module", "modules: {m: {paths: [\"/a/*\"]}}\npublic: [\"/a/*\"]", "" },
	{ "a module that a wider public pattern opens",
	    "modules: {m: {paths: [\"/a/*\"]}}\npublic: [\"/*\"]",
	    "/modules/m/paths/0: warning: needs no credentials, since \"/*\" is public" },
	{ "a module that a privilege protects within a public pattern",
	    "modules: {m: {paths: [\"/a/*\"]}}\nprivileges: {p: {modules: [m]}}\n"
	    "default: public",
	    "" },
	{ "a path that changes nothing", "public: [\"/a/*\", /a/b]",
	    "/public/1: warning: \"/a/b\" changes nothing: \"/a/*\" has the same rule" },
	{ "a path that gives back what another took",
	    "privileges:\n  p: {paths: [\"/a/*\", \"/a/b/c\"]}\n  q: {paths: [\"/a/b/*\"]}", "" },
	{ "a path that is the wider one's for some methods",
	    "privileges:\n  p: {paths: [\"/a/*\", /a/b], methods: [GET]}\n"
	    "  q: {paths: [/a/b], methods: [PUT]}",
	    "" },
	{ "paths that differ in case only", "public: [/A, /a]", "in case only" },
	{ "paths that differ beyond case", "public: [/A, /b]", "" },
	{ "a narrower path without roles",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/*\"], roles: [r]}\n  q: {paths: [\"/a/*\"]}",
	    "/privileges/q/paths/0: warning: this path is laxer than the wider \"/*\": it "
	    "needs no role" },
	{ "a narrower path with more roles",
	    "roles: {r: {granted_to: [{issuer: okta}]}, s: {granted_to: [{issuer: "
	    "okta}]}}\n"
	    "privileges:\n"
	    "  p: {paths: [\"/*\"], roles: [r]}\n  q: {paths: [\"/a/*\"], roles: [r, s]}",
	    "it accepts more roles" },
	{ "a narrower path with a scope beside the role",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/*\"], roles: [r]}\n"
	    "  q: {paths: [\"/a\"], roles: [r], scopes: [x]}",
	    "it accepts more roles or scopes" },
	{ "a narrower path with a prefix of the scope",
	    "privileges:\n  p: {paths: [\"/*\"], scopes: [\"a:b\", c]}\n"
	    "  q: {paths: [/a], scopes: [c, \"a:*\"]}",
	    "it accepts more roles or scopes" },
	{ "a narrower path with the same prefix",
	    "privileges:\n  p: {paths: [\"/*\"], scopes: [\"a:*\"]}\n"
	    "  q: {paths: [/a], scopes: [\"a:*\"]}",
	    "" },
	{ "a narrower path with one scope of the prefix",
	    "privileges:\n  p: {paths: [\"/*\"], scopes: [\"a:*\"]}\n"
	    "  q: {paths: [/a], scopes: [\"a:b\"]}",
	    "" },
	{ "a narrower path without the match",
	    "privileges:\n  p: {paths: [\"/t/{t}/*\"], match: {t: /tid}}\n"
	    "  q: {paths: [\"/t/{t}/x\"]}",
	    "it does not compare every claim" },
	{ "a narrower path with the match under another name",
	    "privileges:\n  p: {paths: [\"/t/{t}/*\"], match: {t: /tid}}\n"
	    "  q: {paths: [\"/t/{u}/x\"], match: {u: /tid}}",
	    "" },
	{ "a star inside a segment that is laxer",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/r/*\"], roles: [r]}\n  q: {paths: [\"/r/*.pdf\"]}",
	    "this path is laxer than the wider \"/r/*\": it needs no role" },
	{ "a literal within a star that is laxer",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/r/*.pdf\"], roles: [r]}\n  q: {paths: [/r/x.pdf]}",
	    "this path is laxer than the wider \"/r/*.pdf\"" },
	{ "a narrower path that denies less",
	    "roles: {r: {granted_to: [{issuer: okta}]}, s: {granted_to: [{issuer: "
	    "okta}]}}\n"
	    "privileges:\n  p: {paths: [\"/*\"], roles: [r], deny: [s]}\n"
	    "  q: {paths: [\"/a/*\"], roles: [r]}",
	    "it does not deny every role" },
	{ "a narrower path that needs fewer roles",
	    "roles: {r: {granted_to: [{issuer: okta}]}, s: {granted_to: [{issuer: "
	    "okta}]}}\n"
	    "privileges:\n  p: {paths: [\"/*\"], all_roles: [r, s]}\n"
	    "  q: {paths: [\"/a/*\"], all_roles: [r]}",
	    "it does not need every role" },
	{ "a narrower path in shadow mode",
	    "privileges: {p: {paths: [\"/*\"]}, q: {paths: [\"/a/*\"], shadow: true}}",
	    "it is in shadow mode" },
	{ "a narrower path that is public", "privileges: {p: {paths: [\"/*\"]}}\npublic: [/h]",
	    "/public/0: warning: this path is laxer than the wider \"/*\": it is public" },
	{ "a narrower path with other roles",
	    "roles: {r: {granted_to: [{issuer: okta}]}, s: {granted_to: [{issuer: "
	    "okta}]}}\n"
	    "privileges:\n"
	    "  p: {paths: [\"/*\"], roles: [r]}\n  q: {paths: [\"/a/*\"], roles: [s]}",
	    "" },
	{ "a narrower path that is stricter",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/*\"]}\n  q: {paths: [\"/a/*\"], roles: [r]}",
	    "" },
	{ "a narrower path for other methods",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/*\"], roles: [r], methods: [POST]}\n"
	    "  q: {paths: [\"/a/*\"], methods: [GET]}",
	    "" },
	{ "a path that is laxer than its next wider one, not than the widest",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\nprivileges:\n"
	    "  p: {paths: [\"/*\"], roles: [r]}\n  q: {paths: [\"/a/*\"]}\n"
	    "  s: {paths: [\"/a/b\"]}",
	    "/privileges/q/paths/0: warning: this path is laxer" },
	{ "a module without a privilege on one of its hosts",
	    "modules: {m: {paths: [/a], hosts: [h.test, \"*.i.test\"]}, n: {paths: [/a], hosts: "
	    "x.i.test}, o: {paths: [\"/*\"], hosts: h.test}}\n"
	    "privileges: {p: {modules: [o]}}",
	    "/modules/m/paths/0: warning: no privilege protects this path of module \"m\" on "
	    "*.i.test: nobody can use it" },
	{ "a module whose host is covered by a wider one",
	    "modules: {m: {paths: [/a], hosts: \"*.i.test\"}, n: {paths: [/a], hosts: x.i.test}}\n"
	    "privileges: {p: {modules: [m]}}",
	    "" },
	{ "a module that is covered on every host",
	    "modules: {m: {paths: [/a], hosts: h.test}}\nprivileges: {p: {paths: [/a]}}", "" },
	{ "a stricter rule that a host's pattern hides",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\n"
	    "modules: {m: {paths: [/a/*], hosts: h.test}}\n"
	    "privileges:\n  p: {modules: [m]}\n  q: {paths: [/a/b], roles: [r]}",
	    "/privileges/p/modules/0: warning: on h.test the path \"/a/*\" decides for \"/a/b\" as "
	    "well, and is laxer: it needs no role; list that path in a module with this host" },
	{ "a stricter rule that is listed for the host",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\n"
	    "modules: {m: {paths: [/a/*], hosts: h.test}, n: {paths: [/a/b], hosts: h.test}}\n"
	    "privileges:\n  p: {modules: [m]}\n  q: {modules: [n], paths: [/a/b], roles: [r]}",
	    "" },
	{ "the same path for a host and for all",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\n"
	    "modules: {m: {paths: [\"/*\"], hosts: h.test}}\n"
	    "privileges:\n  p: {modules: [m]}\n  q: {paths: [\"/*\"], roles: [r]}",
	    "" },
	{ "a narrower path of a host that is laxer",
	    "roles: {r: {granted_to: [{issuer: okta}]}}\n"
	    "modules: {m: {paths: [\"/*\"], hosts: h.test}, n: {paths: [/a], hosts: h.test}}\n"
	    "privileges:\n  p: {modules: [m], roles: [r]}\n  q: {modules: [n]}",
	    "/privileges/q/modules/0: warning: this path is laxer than the wider \"/*\"" },
};

static void
what_is_hardly_meant_is_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct load load;
		struct buffer lines;
		bool quiet = cases[i].told[0] == '\0';

		read_without_local_issuer(&load, cases[i].text);
		load_told(&load, &lines);
		if (load.mistakes.errors != 0 || quiet != (load.mistakes.warnings == 0) ||
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
		cmocka_unit_test(what_is_hardly_meant_is_warned_of),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
