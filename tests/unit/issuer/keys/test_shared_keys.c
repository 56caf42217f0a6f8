/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include "issuer/keys/shared_keys.h"

/* The example of RFC 7515, appendix A.3. */
#define POINT                                                                                      \
	"\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","  \
	"\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""
#define GOOD "{" POINT ",\"alg\":\"ES256\",\"kid\":\"a\"}"

static const struct shared_keys_reader reader = { "http://i", "me", 1000 };

static void
a_row_counts_when_everything_about_it_is_right(void **state)
{
	static const struct {
		const char *what;
		struct store_key row;
		bool counts, skipped;
	} cases[] = {
		{ "good", { "http://i", "other", "a", GOOD, 1001, NULL }, true, false },
		{ "over", { "http://i", "other", "a", GOOD, 1000, NULL }, false, false },
		{ "our own", { "http://i", "me", "a", GOOD, 1001, NULL }, false, false },
		{ "of another issuer", { "http://j", "other", "a", GOOD, 1001, NULL }, false,
		    false },
		{ "another kid", { "http://i", "other", "b", GOOD, 1001, NULL }, false, true },
		{ "no JSON", { "http://i", "other", "a", "{", 1001, NULL }, false, true },
		{ "no object", { "http://i", "other", "a", "[]", 1001, NULL }, false, true },
		{ "a private key",
		    { "http://i", "other", "a",
			"{" POINT ",\"alg\":\"ES256\",\"kid\":\"a\",\"d\":\"AA\"}", 1001, NULL },
		    false, true },
		{ "a symmetric key",
		    { "http://i", "other", "a",
			"{\"kty\":\"oct\",\"k\":\"AAAA\",\"alg\":\"HS256\",\"kid\":\"a\"}", 1001,
			NULL },
		    false, true },
		{ "another algorithm",
		    { "http://i", "other", "a", "{" POINT ",\"alg\":\"HS256\",\"kid\":\"a\"}", 1001,
			NULL },
		    false, true },
		{ "no algorithm",
		    { "http://i", "other", "a", "{" POINT ",\"kid\":\"a\"}", 1001, NULL }, false,
		    true },
		{ "not on the curve",
		    { "http://i", "other", "a",
			"{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\","
			"\"alg\":\"ES256\",\"kid\":\"a\"}",
			1001, NULL },
		    false, true },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct shared_keys *shared = NULL;

		assert_true(shared_keys_make(&cases[i].row, &reader, &shared));
		if (shared->count != cases[i].counts || shared->skipped != cases[i].skipped)
			fail_msg("%s: %zu, %zu skipped: %s", cases[i].what, shared->count,
			    shared->skipped, shared->why.text);
		assert_true(cases[i].counts ? shared->ends_s == 1001 : shared->ends_s == INT64_MAX);
		shared_keys_free(shared);
	}
}

static void
a_bad_row_spoils_no_other_and_unknown_members_go(void **state)
{
	struct store_key good = { "http://i", "other", "a",
		"{" POINT ",\"alg\":\"ES256\",\"kid\":\"a\",\"x5u\":\"http://evil\"}", 2000, NULL };
	struct store_key bad = { "http://i", "other", "c", "\"]},{\"", 1500, &good };
	struct shared_keys *shared = NULL;

	(void)state;
	assert_true(shared_keys_make(&bad, &reader, &shared));
	assert_int_equal(shared->count, 1);
	assert_int_equal(shared->skipped, 1);
	assert_null(strstr(shared->keys[0].jwk, "evil"));
	assert_int_equal(shared->ends_s, 2000);
	assert_false(shared_keys_same(NULL, shared));
	assert_true(shared_keys_same(shared, shared));
	shared_keys_free(shared);
}

static void
more_than_there_is_room_for_are_left_out(void **state)
{
	struct store_key rows[SHARED_KEYS_MAX + 5];
	struct shared_keys *shared = NULL;
	size_t i;

	(void)state;
	for (i = 0; i < SHARED_KEYS_MAX + 5; i++)
		rows[i] = (struct store_key){ "http://i", "other", "a", GOOD, 2000,
			i + 1 < SHARED_KEYS_MAX + 5 ? &rows[i + 1] : NULL };
	assert_true(shared_keys_make(rows, &reader, &shared));
	assert_int_equal(shared->count, SHARED_KEYS_MAX);
	assert_int_equal(shared->skipped, 5);
	shared_keys_free(shared);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_row_counts_when_everything_about_it_is_right),
		cmocka_unit_test(a_bad_row_spoils_no_other_and_unknown_members_go),
		cmocka_unit_test(more_than_there_is_room_for_are_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
