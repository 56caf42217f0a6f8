/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/accounts/password_cache.h"

static struct password_cache *password_cache;

static int
setup(void **state)
{
	(void)state;
	password_cache = password_cache_new();
	return password_cache == NULL;
}

static int
teardown(void **state)
{
	(void)state;
	password_cache_free(password_cache);
	return 0;
}

struct shown {
	unsigned char digest[DIGEST_BYTES];
};

static struct shown
show(struct span name, struct span password, const char *peer)
{
	struct password_cache_text text = { name, password, span_of(peer) };
	struct shown shown;

	assert_true(password_cache_digest(password_cache, &text, shown.digest));
	return shown;
}

static bool
known(const struct shown *shown, const char *hash, int64_t now_s)
{
	return password_cache_until(password_cache, shown->digest, hash, now_s) != 0;
}

static void
what_was_right_is_known_for_a_while(void **state)
{
	struct shown shown = show(SPAN("ann"), SPAN("pw"), "1.2.3.4");

	(void)state;
	assert_false(known(&shown, "h", 1000));
	password_cache_put(password_cache, shown.digest, "h", 1000);
	assert_int_equal(
	    password_cache_until(password_cache, shown.digest, "h", 1000), 1000 + PASSWORD_CACHE_S);
	assert_true(known(&shown, "h", 1000 + PASSWORD_CACHE_S - 1));
	assert_false(known(&shown, "h", 1000 + PASSWORD_CACHE_S));
}

static void
another_hash_of_the_user_makes_it_unknown(void **state)
{
	struct shown shown = show(SPAN("ann"), SPAN("pw"), "1.2.3.4");

	(void)state;
	password_cache_put(password_cache, shown.digest, "h", 1000);
	assert_false(known(&shown, "i", 1000));
	assert_false(known(&shown, "", 1000));
	assert_false(known(&shown, NULL, 1000));
}

static void
other_texts_are_not_known(void **state)
{
	static const struct {
		struct span name, password;
		const char *peer;
	} others[] = {
		{ { "ann", 3 }, { "px", 2 }, "1.2.3.4" },
		{ { "bob", 3 }, { "pw", 2 }, "1.2.3.4" },
		{ { "ann", 3 }, { "pw", 2 }, "1.2.3.5" },
		{ { "annp", 4 }, { "w", 1 }, "1.2.3.4" },
		{ { "an", 2 }, { "npw", 3 }, "1.2.3.4" },
		{ { "ann", 3 }, { "pw1", 3 }, ".2.3.4" },
		{ { "Ann", 3 }, { "pw", 2 }, "1.2.3.4" },
		{ { "ann", 3 }, { "", 0 }, "1.2.3.4" },
	};
	struct shown shown = show(SPAN("ann"), SPAN("pw"), "1.2.3.4"), other;
	size_t i;

	(void)state;
	password_cache_put(password_cache, shown.digest, "h", 1000);
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		other = show(others[i].name, others[i].password, others[i].peer);
		if (known(&other, "h", 1000))
			fail_msg("case %zu is known", i);
	}
}

static void
another_process_has_other_digests(void **state)
{
	struct password_cache_text text = { SPAN("ann"), SPAN("pw"), SPAN("1.2.3.4") };
	struct shown shown = show(text.name, text.password, "1.2.3.4"), there;
	struct password_cache *other = password_cache_new();

	(void)state;
	assert_non_null(other);
	assert_true(password_cache_digest(other, &text, there.digest));
	assert_memory_not_equal(shown.digest, there.digest, DIGEST_BYTES);
	password_cache_free(other);
}

static void
the_room_is_bounded_and_the_newest_has_its_place(void **state)
{
	char name[32];
	struct shown shown;
	unsigned i;

	(void)state;
	for (i = 0; i < 3 * PASSWORD_CACHE_MAX; i++) {
		(void)snprintf(name, sizeof(name), "user%u", i);
		shown = show(span_of(name), SPAN("pw"), "1.2.3.4");
		password_cache_put(password_cache, shown.digest, "h", 1000 + i);
		assert_true(known(&shown, "h", 1000 + i));
	}
}

static void
too_long_a_text_has_no_digest(void **state)
{
	static char password[4096];
	struct password_cache_text text = { SPAN("ann"), { password, sizeof(password) }, SPAN("") };
	unsigned char digest[DIGEST_BYTES];

	(void)state;
	memset(password, 'x', sizeof(password));
	assert_false(password_cache_digest(password_cache, &text, digest));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		    what_was_right_is_known_for_a_while, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    another_hash_of_the_user_makes_it_unknown, setup, teardown),
		cmocka_unit_test_setup_teardown(other_texts_are_not_known, setup, teardown),
		cmocka_unit_test_setup_teardown(another_process_has_other_digests, setup, teardown),
		cmocka_unit_test_setup_teardown(
		    the_room_is_bounded_and_the_newest_has_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long_a_text_has_no_digest, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
