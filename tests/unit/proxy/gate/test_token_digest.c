/* SPDX-License-Identifier: Apache-2.0 */
/* It gives what SHA-256 gives, whatever came before. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "proxy/gate/token_digest.h"

static void
expect_right(const char *token, size_t len)
{
	unsigned char right[DIGEST_BYTES], given[DIGEST_BYTES];
	struct span span = { token, len };

	assert_true(digest_sha256(span, right));
	memset(given, 0, sizeof(given));
	assert_true(token_digest(span, given));
	assert_memory_equal(given, right, DIGEST_BYTES);
}

/* So often that it is known. */
static void
make_known(const char *token, size_t len)
{
	for (int i = 0; i < 4; i++)
		expect_right(token, len);
}

static void
fill(char *token, size_t len, unsigned seed)
{
	for (size_t i = 0; i < len; i++) {
		seed = seed * 1103515245u + 12345u;
		token[i] = "abcdefghijklmnopqrstuvwxyz-_.456"[seed >> 16 & 31];
	}
}

static void
every_length_has_its_digest(void **state)
{
	static char token[TOKEN_DIGEST_LONGEST + 20];

	(void)state;
	fill(token, sizeof(token), 1);
	for (size_t len = 0; len <= sizeof(token); len++)
		make_known(token, len);
}

static void
a_known_token_with_one_other_byte_is_another(void **state)
{
	static const size_t lengths[] = { TOKEN_DIGEST_SHORTEST, 65, 71, 72, 73, 700,
		TOKEN_DIGEST_LONGEST };
	static char token[TOKEN_DIGEST_LONGEST];

	(void)state;
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		fill(token, lengths[i], 2);
		for (size_t at = 0; at < lengths[i]; at++) {
			make_known(token, lengths[i]);
			token[at] ^= 1;
			expect_right(token, lengths[i]);
			token[at] ^= 1;
		}
	}
}

/* With one end they have one place. */
static void
tokens_with_the_same_end_are_told_apart(void **state)
{
	static char tokens[3][900];

	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		fill(tokens[i], sizeof(tokens[i]), 3 + i);
		memcpy(tokens[i] + sizeof(tokens[i]) - 16, "the end of three", 16);
	}
	make_known(tokens[0], sizeof(tokens[0]));
	make_known(tokens[1], sizeof(tokens[1]));
	for (int i = 0; i < 30; i++)
		expect_right(tokens[i % 3], sizeof(tokens[0]));
	/* the same end, and the same beginning, but longer */
	memcpy(tokens[1], tokens[0], 884);
	make_known(tokens[1], 900);
	expect_right(tokens[1] + 16, 884);
}

static void
more_tokens_than_places_are_right(void **state)
{
	static char tokens[5 * TOKEN_DIGEST_PLACES][300];

	(void)state;
	for (unsigned i = 0; i < 5 * TOKEN_DIGEST_PLACES; i++)
		fill(tokens[i], sizeof(tokens[i]), 100 + i);
	for (int round = 0; round < 5; round++)
		for (unsigned i = 0; i < 5 * TOKEN_DIGEST_PLACES; i++)
			expect_right(tokens[i], sizeof(tokens[i]));
}

static void *
in_a_thread(void *unused)
{
	static _Thread_local char token[500];

	(void)unused;
	for (unsigned i = 0; i < 50; i++) {
		fill(token, sizeof(token), 7 + i);
		make_known(token, sizeof(token));
	}
	return NULL;
}

static void
threads_have_memories_of_their_own(void **state)
{
	pthread_t threads[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, in_a_thread, NULL), 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_length_has_its_digest),
		cmocka_unit_test(a_known_token_with_one_other_byte_is_another),
		cmocka_unit_test(tokens_with_the_same_end_are_told_apart),
		cmocka_unit_test(more_tokens_than_places_are_right),
		cmocka_unit_test(threads_have_memories_of_their_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
