/* SPDX-License-Identifier: Apache-2.0 */
/* Which scopes a client is told to ask its issuer for. */
#include "load.h"

#include "policy/role.h"
#include "policy/scope_hint.h"

#define ROLES                                                                                      \
	"roles:\n"                                                                                 \
	"  reader: {granted_to: [{scope: r1}, {scope: r2}, {issuer: okta, scope: r3}]}\n"          \
	"  grouped: {granted_to: [{scope: g1, group: staff}, {group: staff}, {client: shop}]}\n"   \
	"  mixed: {granted_to: [{scope: r1}, {claim: /x, equals: y, scope: m1}, {scope: c1, "      \
	"certificate: CN=c}, {role: boss}]}\n"                                                     \
	"  several: {granted_to: [{scope: [s1, s2]}, {scope: 's:*'}, {scope: [s3]}]}\n"            \
	"  bare: {}\n"

/* The hint of the one privilege with these members, for a token of `issuer` (NULL: nobody). */
static void
expect(const char *members, const char *issuer, const char *want)
{
	uint64_t roles[1] = { 0 }; /* that of reader alone */
	struct principal principal = { .issuer = issuer, .roles = roles };
	struct load load;
	char text[2048];
	const char *hint;

	(void)snprintf(
	    text, sizeof(text), ROLES "privileges: {p: {paths: [\"/*\"], %s}}\n", members);
	load_good(&load, span_of(text));
	roles[0] = (uint64_t)1 << role_find(&load.policy, SPAN("reader"))->index;
	hint = scope_hint(
	    &load.policy, load.policy.privileges, issuer == NULL ? NULL : &principal, &load.arena);
	if ((hint == NULL) != (want == NULL) || (want != NULL && strcmp(hint, want) != 0))
		fail_msg("%s: %s, want %s", members, hint == NULL ? "none" : hint,
		    want == NULL ? "none" : want);
	load_done(&load);
}

static void
the_hint_says_what_would_be_enough(void **state)
{
	static const struct {
		const char *members, *issuer, *want;
	} cases[] = {
		/* the privilege's own */
		{ "scopes: [a]", NULL, "a" },
		{ "scopes: [a, b]", NULL, "a b" },
		{ "scopes: [a]", "okta", "a" },
		/* those that give one of its roles, and nothing else with it */
		{ "roles: [reader]", NULL, "r1 r2 r3" },
		{ "scopes: [a], roles: [reader]", NULL, "a r1 r2 r3" },
		{ "roles: [reader, mixed]", NULL, "r1 r2 r3" },
		{ "roles: [mixed]", NULL, "r1" },
		/* a scope of another issuer is of no use */
		{ "roles: [reader]", "okta", "r1 r2 r3" },
		{ "roles: [reader]", "entra", "r1 r2" },
		/* where a group, a client or an account is missing, no scope helps */
		{ "roles: [grouped]", NULL, NULL },
		{ "roles: [bare]", NULL, NULL },
		{ "roles: [bare, reader]", "entra", "r1 r2" },
		/* one of several is not enough, and a prefix is nothing to ask for */
		{ "roles: [several]", NULL, "s3" },
		{ "scopes: ['a:*', b]", "okta", "b" },
		{ "scopes: ['a:*']", NULL, NULL },
		/* what no scope can have a client cannot ask for */
		{ "scopes: ['a\"b', 'c\\d', \"e\\u0301\", f, 'g h']", NULL, "f" },
		/* whoever is denied, or lacks a role that all must have, gains nothing by a scope
		 */
		{ "scopes: [a], deny: [reader]", NULL, "a" },
		{ "scopes: [a], deny: [reader]", "okta", NULL },
		{ "scopes: [a], deny: [bare]", "okta", "a" },
		{ "scopes: [a], all_roles: [bare]", "okta", NULL },
		{ "scopes: [a], all_roles: [reader]", "okta", "a" },
		/* each once */
		{ "scopes: [r2], roles: [reader]", NULL, "r2 r1 r3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect(cases[i].members, cases[i].issuer, cases[i].want);
}

/* A password has no scopes. */
static void
a_user_gets_no_hint(void **state)
{
	struct principal ann = { .user = "ann", .roles = &(uint64_t){ 0 } };
	struct load load;

	(void)state;
	load_good(&load, SPAN("privileges: {p: {paths: [\"/*\"], scopes: [a]}}\n"));
	assert_null(scope_hint(&load.policy, load.policy.privileges, &ann, &load.arena));
	load_done(&load);
}

/* A challenge is a header: what does not fit is left out whole, and what follows may still fit. */
static void
a_scope_that_does_not_fit_is_left_out_whole(void **state)
{
	char text[1024], wide[SCOPE_HINT_MAX], want[SCOPE_HINT_MAX + 8];
	struct load load;
	const char *hint;

	(void)state;
	memset(wide, 'w', sizeof(wide));
	wide[sizeof(wide) - 1] = '\0'; /* and one byte too many beside "a " */
	(void)snprintf(
	    text, sizeof(text), "privileges: {p: {paths: [\"/*\"], scopes: [a, %s, b]}}\n", wide);
	load_good(&load, span_of(text));
	hint = scope_hint(&load.policy, load.policy.privileges, NULL, &load.arena);
	assert_string_equal(hint, "a b");
	load_done(&load);
	wide[sizeof(wide) - 2] = '\0';
	(void)snprintf(
	    text, sizeof(text), "privileges: {p: {paths: [\"/*\"], scopes: [a, %s, b]}}\n", wide);
	load_good(&load, span_of(text));
	hint = scope_hint(&load.policy, load.policy.privileges, NULL, &load.arena);
	(void)snprintf(want, sizeof(want), "a %s", wide);
	assert_string_equal(hint, want);
	assert_int_equal(strlen(hint), SCOPE_HINT_MAX);
	load_done(&load);
}

static void
without_memory_there_is_no_hint(void **state)
{
	struct arena small;
	struct load load;

	(void)state;
	arena_init(&small, 16);
	load_good(&load, SPAN("privileges: {p: {paths: [\"/*\"], scopes: [a]}}\n"));
	assert_null(scope_hint(&load.policy, load.policy.privileges, NULL, &small));
	load_done(&load);
	arena_done(&small);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_hint_says_what_would_be_enough),
		cmocka_unit_test(a_user_gets_no_hint),
		cmocka_unit_test(a_scope_that_does_not_fit_is_left_out_whole),
		cmocka_unit_test(without_memory_there_is_no_hint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
