/* SPDX-License-Identifier: Apache-2.0 */
#include "load.h"

/* A role that a line grants, and a privilege that uses it. */
#define LINE(line)                                                                                 \
	"roles: {r: {granted_to: [" line "]}}\nprivileges: {p: {paths: [/a], roles: [r]}}"
#define PRIVILEGE(keys) "privileges: {p: {paths: [/a], " keys "}}"

#define EXACTLY "is compared exactly, and \"*\" stands for nothing else: "

/* The gate that reads it refuses these methods. */
static bool
served(struct span method)
{
	return !span_is(method, "TRACE") && !span_is(method, "PURGE");
}

/* `told`: part of the one warning; "": there is none. */
static const struct {
	const char *true_of_it, *text, *told;
} cases[] = {
	{ "a scope has no spaces", LINE("{issuer: okta, scope: a b}"),
	    "/roles/r/granted_to/0/scope: warning: can never match: a scope has no spaces (RFC "
	    "6749 section 3.3): write a line for each scope" },
	{ "not at its ends either", LINE("{issuer: okta, scope: \"a \"}"), "has no spaces" },
	{ "nor in a privilege", PRIVILEGE("scopes: [a, b c]"),
	    "/privileges/p/scopes/1: warning: can never match: a scope has no spaces (RFC 6749 "
	    "section 3.3): list each scope" },
	{ "other marks are of a scope", LINE("{issuer: okta, scope: \"api://x/a:b,c\"}"), "" },
	{ "a group may have spaces", LINE("{issuer: okta, group: Sales Team}"), "" },

	{ "a scope may be a prefix", LINE("{issuer: okta, scope: [\"a:*\", \"b.*\", \"c/*\"]}"),
	    "" },
	{ "also in a privilege", PRIVILEGE("scopes: \"api://x/*\""), "" },
	{ "but only after a mark", LINE("{issuer: okta, scope: [a, \"a*\"]}"),
	    "/scope/1: warning: " EXACTLY "for all that begin alike write \"orders:*\"" },
	{ "and not in the middle", LINE("{issuer: okta, scope: \"a:*:b\"}"),
	    "/scope: warning: " EXACTLY },
	{ "nor twice", LINE("{issuer: okta, scope: \"a:*:*\"}"), "/scope: warning: " EXACTLY },
	{ "nor alone", PRIVILEGE("scopes: \"*\""), "/privileges/p/scopes: warning: " EXACTLY },
	{ "nor after a mark alone", PRIVILEGE("scopes: [\":*\"]"),
	    "/privileges/p/scopes/0: warning: " EXACTLY },
	{ "nor has a group of a list", LINE("{issuer: okta, group: [a, \"b/*\"]}"),
	    "/group/1: warning: " EXACTLY },
	{ "nor a role of a list", LINE("{issuer: okta, role: [\"b:*\", c]}"),
	    "/role/0: warning: " EXACTLY },
	{ "nor has a group", LINE("{issuer: okta, group: \"*\"}"),
	    "/group: warning: " EXACTLY "write a line for each group; for every token of an issuer "
	    "write {issuer: NAME}" },
	{ "nor part of a group", LINE("{issuer: okta, group: \"sales-*\"}"), "/group: warning: " },
	{ "nor a role", LINE("{issuer: okta, role: \"*\"}"),
	    "/role: warning: " EXACTLY "write a line for each role" },
	{ "nor a claim's value", LINE("{issuer: okta, claim: /d, equals: \"b*\"}"),
	    "/equals: warning: " EXACTLY "list each value; for any value leave \"equals\" out" },
	{ "nor one of several", LINE("{issuer: okta, claim: /d, equals: [a, \"*\"]}"),
	    "/equals/1: warning: " EXACTLY },
	{ "nor a client", LINE("{issuer: okta, client: \"*\"}"), "/client: warning: " EXACTLY },
	{ "nor a user", LINE("{user: \"*\"}"),
	    "/user: warning: " EXACTLY "write a line for each user" },

	{ "nor a certificate", LINE("{issuer: okta, certificate: \"CN=*\"}"),
	    "/certificate: warning: " EXACTLY "write a line for each subject" },

	{ "local tokens have no groups", LINE("{issuer: local, group: g}"),
	    "/roles/r/granted_to/0/group: warning: can never match: tokens of the local issuer" },
	{ "nor roles", LINE("{client: c, role: x}"),
	    "/roles/r/granted_to/0/role: warning: can never match: tokens of the local issuer have "
	    "scopes" },
	{ "but scopes", LINE("{issuer: local, scope: s}"), "" },
	{ "another issuer's client has roles", LINE("{issuer: okta, client: c, role: x}"), "" },

	{ "two letters swapped", PRIVILEGE("methods: [GTE]"),
	    "/privileges/p/methods/0: warning: is not a method that is in use; did you mean "
	    "\"GET\"?" },
	{ "a letter too many", PRIVILEGE("methods: [POST, DELETEE]"),
	    "/methods/1: warning: is not a method that is in use; did you mean \"DELETE\"?" },
	{ "a registered method is meant", PRIVILEGE("methods: [LINK, MERGE, ACL, PATCH]"), "" },
	{ "so is one of one's own", PRIVILEGE("methods: [FROBNICATE]"), "" },
	{ "every method by another gateway's word", PRIVILEGE("methods: [ANY]"),
	    "/methods/0: warning: is not a method: for every method leave \"methods\" out" },
	{ "a method that the gate refuses", PRIVILEGE("methods: [GET, TRACE]"),
	    "/methods/1: warning: is never forwarded: the gate refuses" },
	{ "... or does not know", PRIVILEGE("methods: [PURGE]"), "/methods/0: warning: is never" },
};

static void
a_condition_that_cannot_hold_is_warned_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct load load;
		struct buffer lines;
		size_t want = cases[i].told[0] == '\0' ? 0 : 1;

		load_init(&load);
		load.names.method_served = served;
		load.names.client_certificates = true;
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

static void
a_certificate_that_nobody_is_asked_for_is_warned_of(void **state)
{
	struct load load;
	struct buffer lines;

	(void)state;
	load_good(&load, SPAN(LINE("{issuer: okta, certificate: CN=a}")));
	load_told(&load, &lines);
	assert_int_equal(load.mistakes.warnings, 1);
	assert_non_null(strstr(lines.at, "/roles/r/granted_to/0/certificate: warning: can never "
					 "match: the listener does not ask "
					 "for client certificates"));
	buffer_done(&lines);
	load_done(&load);
}

static void
a_gate_that_says_nothing_of_methods_serves_them_all(void **state)
{
	struct load load;

	(void)state;
	load_good(&load, SPAN(PRIVILEGE("methods: [TRACE, CONNECT]")));
	assert_int_equal(load.mistakes.warnings, 0);
	load_done(&load);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_condition_that_cannot_hold_is_warned_of),
		cmocka_unit_test(a_certificate_that_nobody_is_asked_for_is_warned_of),
		cmocka_unit_test(a_gate_that_says_nothing_of_methods_serves_them_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
