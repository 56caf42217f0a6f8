/* SPDX-License-Identifier: Apache-2.0 */
#include "cases.h"

#include "policy/rate_who.h"

/* Without credentials: nothing but a peer. */
struct who {
	const char *issuer, *client, *subject, *user, *peer;
};

static const struct {
	const char *true_of_it;
	enum rate_by by;
	struct who a, b;
	enum rate_by counted; /* of a */
	bool same;
} cases[] = {
	{ "one client with two subjects", RATE_BY_CLIENT, { "okta", "app", "ann", NULL, "1.1.1.1" },
	    { "okta", "app", "bob", NULL, "2.2.2.2" }, RATE_BY_CLIENT, true },
	{ "two clients with one subject", RATE_BY_CLIENT, { "okta", "app", "ann", NULL, "1.1.1.1" },
	    { "okta", "web", "ann", NULL, "1.1.1.1" }, RATE_BY_CLIENT, false },
	{ "clients of one name at two issuers", RATE_BY_CLIENT, { "okta", "app", "a", NULL, "" },
	    { "entra", "app", "a", NULL, "" }, RATE_BY_CLIENT, false },
	{ "an issuer's name that goes on", RATE_BY_CLIENT, { "ab", "c", NULL, NULL, "" },
	    { "a", "bc", NULL, NULL, "" }, RATE_BY_CLIENT, false },
	{ "no client: the subject", RATE_BY_CLIENT, { "okta", NULL, "ann", NULL, "1.1.1.1" },
	    { "okta", "", "ann", NULL, "2.2.2.2" }, RATE_BY_SUBJECT, true },
	{ "neither: the peer", RATE_BY_CLIENT, { "okta", NULL, NULL, NULL, "1.1.1.1" },
	    { "okta", "", "", NULL, "1.1.1.1" }, RATE_BY_PEER, true },
	{ "a subject called as a client is", RATE_BY_CLIENT, { "okta", "x", "y", NULL, "" },
	    { "okta", NULL, "x", NULL, "" }, RATE_BY_CLIENT, false },
	{ "a user by any way", RATE_BY_USER, { NULL, NULL, "ann", "ann", "1.1.1.1" },
	    { "local", NULL, "ann", "ann", "2.2.2.2" }, RATE_BY_USER, true },
	{ "no user: the subject", RATE_BY_USER, { "okta", "app", "ann", NULL, "1.1.1.1" },
	    { "okta", "web", "ann", NULL, "1.1.1.1" }, RATE_BY_SUBJECT, true },
	{ "a subject called as a user is", RATE_BY_USER, { NULL, NULL, "ann", "ann", "" },
	    { "okta", NULL, "ann", NULL, "" }, RATE_BY_USER, false },
	{ "a subject", RATE_BY_SUBJECT, { "okta", "app", "ann", NULL, "" },
	    { "okta", "app", "bob", NULL, "" }, RATE_BY_SUBJECT, false },
	{ "a peer, whoever it is", RATE_BY_PEER, { "okta", "app", "ann", NULL, "1.1.1.1" },
	    { .peer = "1.1.1.1" }, RATE_BY_PEER, true },
	{ "two peers", RATE_BY_PEER, { "okta", "app", "ann", NULL, "1.1.1.1" },
	    { "okta", "app", "ann", NULL, "1.1.1.2" }, RATE_BY_PEER, false },
	{ "without credentials", RATE_BY_CLIENT, { .peer = "1.1.1.1" }, { .peer = "1.1.1.2" },
	    RATE_BY_PEER, false },
	{ "one network of IPv6", RATE_BY_PEER, { .peer = "2001:db8:1:2::1" },
	    { .peer = "2001:db8:1:2:ffff::2" }, RATE_BY_PEER, true },
	{ "two networks of IPv6", RATE_BY_PEER, { .peer = "2001:db8:1:2::1" },
	    { .peer = "2001:db8:1:3::1" }, RATE_BY_PEER, false },
	{ "IPv4 within IPv6", RATE_BY_PEER, { .peer = "::ffff:1.1.1.1" }, { .peer = "1.1.1.1" },
	    RATE_BY_PEER, true },
	{ "two of IPv4 within IPv6", RATE_BY_PEER, { .peer = "::ffff:1.1.1.1" },
	    { .peer = "::ffff:1.1.1.2" }, RATE_BY_PEER, false },
	{ "sockets without an address", RATE_BY_PEER, { .peer = "unix" }, { .peer = "unix" },
	    RATE_BY_PEER, true },
	{ "nothing at all", RATE_BY_PEER, { .peer = "" }, { .peer = "" }, RATE_BY_PEER, true },
	{ "a subject called as an address is", RATE_BY_SUBJECT, { NULL, NULL, "unix", NULL, "" },
	    { .peer = "unix" }, RATE_BY_SUBJECT, false },
};

static bool
is_unknown(const struct who *who)
{
	return who->issuer == NULL && who->subject == NULL;
}

static struct span
name(const struct rate *rate, const struct who *who, struct arena *arena)
{
	struct principal principal = { .issuer = who->issuer,
		.client = span_of(who->client),
		.subject = span_of(who->subject),
		.user = who->user };

	return rate_who(rate, is_unknown(who) ? NULL : &principal, span_of(who->peer), arena);
}

static void
two_callers(void **state)
{
	const size_t i = (size_t)*state;
	struct rate rate = { .by = cases[i].by };
	struct principal principal = { .client = span_of(cases[i].a.client),
		.subject = span_of(cases[i].a.subject),
		.user = cases[i].a.user };
	struct arena arena;
	struct span a, b;

	arena_init(&arena, 4096);
	a = name(&rate, &cases[i].a, &arena);
	b = name(&rate, &cases[i].b, &arena);
	assert_non_null(a.at);
	assert_non_null(b.at);
	assert_int_equal(span_equal(a, b), cases[i].same);
	assert_int_equal(
	    rate_who_by(&rate, is_unknown(&cases[i].a) ? NULL : &principal), cases[i].counted);
	arena_done(&arena);
}

static void
without_memory(void **state)
{
	struct rate rate = { .by = RATE_BY_PEER };
	struct arena arena;

	(void)state;
	arena_init(&arena, 0);
	assert_null(rate_who(&rate, NULL, SPAN("1.1.1.1"), &arena).at);
	arena_done(&arena);
}

int
main(void)
{
	struct CMUnitTest tests[sizeof(cases) / sizeof(cases[0])];
	const struct CMUnitTest rest[] = { cmocka_unit_test(without_memory) };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		tests[i] = (struct CMUnitTest){ .name = cases[i].true_of_it,
			.test_func = two_callers,
			.initial_state = (void *)i };
	return cmocka_run_group_tests_name("rate_who", tests, NULL, NULL) +
	       cmocka_run_group_tests_name("without memory", rest, NULL, NULL);
}
