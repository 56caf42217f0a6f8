/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <cmocka.h>

#include "issuer/keys/signing_plan.h"

#define ABLE .able = true, .fits = true
#define NEVER INT64_MAX
#define NONE SIZE_MAX

static const struct {
	const char *name;
	struct signing_times keys[4];
	size_t count;
	struct signing_settings settings;
	int64_t now_s;
	struct signing_plan want;
} cases[] = {
	{ "without a key one is made that signs now", { { 0 } }, 0, { 1000, 100, 50 }, 500,
	    { NONE, true, 500, 0, NEVER } },
	{ "a public key alone cannot sign", { { 1, 1, 0, .fits = true } }, 1, { 1000, 100, 50 },
	    500, { NONE, true, 500, 0, NEVER } },
	{ "a young key signs, and the next one's time is known", { { 1, 1, 0, ABLE } }, 1,
	    { 1000, 100, 50 }, 900, { 0, false, 0, 0, 901 } },
	{ "the next is made so long ahead", { { 1, 1, 0, ABLE } }, 1, { 1000, 100, 50 }, 901,
	    { 0, true, 1001, 0, NEVER } },
	{ "a gate that was off for long still publishes ahead", { { 1, 1, 0, ABLE } }, 1,
	    { 1000, 100, 50 }, 9000, { 0, true, 9100, 0, NEVER } },
	{ "0 never rotates", { { 1, 1, 0, ABLE } }, 1, { 0, 100, 50 }, 1 << 30,
	    { 0, false, 0, 0, NEVER } },
	{ "who waits does not sign yet", { { 1, 1, 0, ABLE }, { 901, 1001, 0, ABLE } }, 2,
	    { 1000, 100, 50 }, 1000, { 0, false, 0, 0, 1001 } },
	{ "it signs from its second on", { { 1, 1, 0, ABLE }, { 901, 1001, 0, ABLE } }, 2,
	    { 1000, 100, 50 }, 1001, { 1, false, 0, 0, 1051 } },
	{ "the old one is kept until its last token ends",
	    { { 1, 1, 0, ABLE }, { 901, 1001, 0, ABLE } }, 2, { 1000, 100, 50 }, 1050,
	    { 1, false, 0, 0, 1051 } },
	{ "then it goes", { { 1, 1, 0, ABLE }, { 901, 1001, 0, ABLE } }, 2, { 1000, 100, 50 }, 1051,
	    { 1, false, 0, 1, 1901 } },
	{ "longer tokens of former settings count", { { 1, 1, 500, ABLE }, { 901, 1001, 0, ABLE } },
	    2, { 1000, 100, 50 }, 1500, { 1, false, 0, 0, 1501 } },
	{ "without another the waiting one signs", { { 901, 1001, 0, ABLE } }, 1, { 1000, 100, 50 },
	    950, { 0, false, 0, 0, 1001 } },
	{ "a clock that was set back takes no key away",
	    { { 1000, 1000, 0, ABLE }, { 2000, 2000, 0, ABLE } }, 2, { 0, 100, 50 }, 10,
	    { 0, false, 0, 0, 1000 } },
	{ "another algorithm is a rotation", { { 1, 1, 0, .able = true } }, 1, { 0, 100, 50 }, 500,
	    { 0, true, 600, 0, NEVER } },
	{ "of three the middle one's tokens end on their own",
	    { { 1, 1, 0, ABLE }, { 50, 100, 0, ABLE }, { 150, 200, 0, ABLE } }, 3, { 0, 10, 50 },
	    240, { 2, false, 0, 1, 250 } },
	{ "a given key signs, and none is made",
	    { { 1, 1, 0, ABLE }, { 500, 500, 0, .able = true, .given = true, .fits = true } }, 2,
	    { 100, 10, 50 }, 540, { 1, false, 0, 0, 550 } },
	{ "times at the end of time do not overflow",
	    { { 1, 1, NEVER, ABLE }, { 901, 1001, 0, ABLE } }, 2, { 0, 100, 50 }, 2000,
	    { 1, false, 0, 0, NEVER } },
};

static void
a_plan_follows_from_keys_and_settings(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct signing_plan got =
		    signing_plan(cases[i].keys, cases[i].count, &cases[i].settings, cases[i].now_s);

		if (got.current != cases[i].want.current || got.make != cases[i].want.make ||
		    (got.make && got.make_signs_s != cases[i].want.make_signs_s) ||
		    got.ended != cases[i].want.ended ||
		    (!got.make && got.next_s != cases[i].want.next_s))
			fail_msg("%s: current %zd, make %d at %lld, ended %x, next %lld",
			    cases[i].name, (ssize_t)got.current, got.make,
			    (long long)got.make_signs_s, got.ended, (long long)got.next_s);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(
	    a_plan_follows_from_keys_and_settings) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
