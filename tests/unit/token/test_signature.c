/* SPDX-License-Identifier: Apache-2.0 */
/* Honest signatures are proved; spoilt ones are not, however little. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "honest.h"

#define VALID_EACH 2

static void
honest_tokens_are_proved(void **state)
{
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int i = 0; i < ALGORITHM_COUNT * VALID_EACH; i++) {
		struct honest honest;

		honest_make(&honest, (enum algorithm)(i % ALGORITHM_COUNT), i);
		honest_expect_signature(algorithm_name(honest.algorithm), set, &honest,
		    signature_span(&honest.signature), REASON_OK);
		free(honest.input);
	}
	keyset_free(set);
}

static void
no_flipped_bit_of_a_signature_is_proved(void **state)
{
	struct keyset *set = honest_keys(0);
	size_t flips = 0;

	(void)state;
	for (int i = 0; i < ALGORITHM_COUNT * VALID_EACH; i++) {
		struct honest honest;

		honest_make(&honest, (enum algorithm)(i % ALGORITHM_COUNT), i);
		for (size_t bit = 0; bit < honest.signature.len * 8; bit++, flips++) {
			struct signature bad = honest.signature;

			bad.at[bit / 8] = (unsigned char)(bad.at[bit / 8] ^ (1 << bit % 8));
			honest_expect_signature(algorithm_name(honest.algorithm), set, &honest,
			    signature_span(&bad), REASON_SIGNATURE_INVALID);
		}
		free(honest.input);
	}
	assert_int_equal(flips, 2 * 8 * (6 * 256 + 64 + 96 + 132 + 64));
	keyset_free(set);
}

static void
no_cut_or_stretched_signature_is_proved(void **state)
{
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int i = 0; i < ALGORITHM_COUNT * VALID_EACH; i++) {
		struct honest honest;
		struct span good;
		unsigned char longer[SIGNATURE_MAX_BYTES + 8] = { 0 };

		honest_make(&honest, (enum algorithm)(i % ALGORITHM_COUNT), i);
		good = signature_span(&honest.signature);
		honest_expect_signature(
		    "cut to nothing", set, &honest, (struct span){ "", 0 }, REASON_TOKEN_MALFORMED);
		for (size_t len = 1; len < good.len; len++) {
			honest_expect_signature("cut at its end", set, &honest,
			    span_slice(good, 0, len), REASON_SIGNATURE_INVALID);
			honest_expect_signature("cut at its start", set, &honest,
			    span_slice(good, len, good.len), REASON_SIGNATURE_INVALID);
		}
		for (size_t more = 1; more <= 8; more++) {
			memset(longer, 0, sizeof(longer));
			memcpy(longer, good.at, good.len);
			honest_expect_signature("zeros after it", set, &honest,
			    (struct span){ (char *)longer, good.len + more },
			    REASON_SIGNATURE_INVALID);
			memset(longer, 0, sizeof(longer));
			memcpy(longer + more, good.at, good.len);
			honest_expect_signature("zeros before it", set, &honest,
			    (struct span){ (char *)longer, good.len + more },
			    REASON_SIGNATURE_INVALID);
		}
		free(honest.input);
	}
	keyset_free(set);
}

static void
no_constant_signature_is_proved(void **state)
{
	static const unsigned char fills[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	static const size_t lengths[] = { 1, 32, 63, 64, 65, 96, 128, 132, 256, 384, 512 };
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		struct honest honest;

		honest_make(&honest, (enum algorithm)a, a);
		for (size_t f = 0; f < CASES_OF(fills); f++)
			for (size_t l = 0; l < CASES_OF(lengths); l++) {
				struct signature bad = { .len = lengths[l] };

				memset(bad.at, fills[f], sizeof(bad.at));
				honest_expect_signature(algorithm_name((enum algorithm)a), set,
				    &honest, signature_span(&bad), REASON_SIGNATURE_INVALID);
			}
		free(honest.input);
	}
	keyset_free(set);
}

/* Every character of the text, each bit of it: headers and payloads are covered by the signature,
 * and no other spelling of a part is taken. */
static void
no_flipped_bit_of_a_text_is_proved(void **state)
{
	static const enum algorithm some[] = { ALGORITHM_RS256, ALGORITHM_PS256, ALGORITHM_ES256,
		ALGORITHM_EdDSA };
	struct keyset *set = honest_keys(0);

	(void)state;
	for (size_t s = 0; s < CASES_OF(some); s++) {
		struct honest honest;
		char *text;

		honest_make(&honest, some[s], 1);
		text = signer_join(honest.input, signature_span(&honest.signature));
		for (size_t bit = 0; bit < strlen(text) * 8; bit++) {
			char *bad = strdup(text);

			bad[bit / 8] = (char)(bad[bit / 8] ^ (1 << bit % 8));
			if (honest_prove(set, ALGORITHM_ALL, (struct span){ bad, strlen(text) }) ==
			    REASON_OK)
				fail_msg("%s: bit %zu", algorithm_name(some[s]), bit);
			free(bad);
		}
		free(text);
		free(honest.input);
	}
	keyset_free(set);
}

static void
no_cut_text_is_proved(void **state)
{
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int i = 0; i < ALGORITHM_COUNT * VALID_EACH; i++) {
		struct honest honest;
		char *text;

		honest_make(&honest, (enum algorithm)(i % ALGORITHM_COUNT), i);
		text = signer_join(honest.input, signature_span(&honest.signature));
		for (size_t len = 0; len < strlen(text); len++)
			if (honest_prove(set, ALGORITHM_ALL, (struct span){ text, len }) ==
			    REASON_OK)
				fail_msg("%s: cut at %zu", algorithm_name(honest.algorithm), len);
		free(text);
		free(honest.input);
	}
	keyset_free(set);
}

static void
a_signature_is_of_its_own_input(void **state)
{
	struct keyset *set = honest_keys(0);

	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		struct honest one, two;

		honest_make(&one, (enum algorithm)a, 1);
		honest_make(&two, (enum algorithm)a, 2);
		honest_expect_signature("another payload's", set, &one,
		    signature_span(&two.signature), REASON_SIGNATURE_INVALID);
		free(one.input);
		free(two.input);
	}
	keyset_free(set);
}

static void
the_same_kid_of_another_issuer_proves_nothing(void **state)
{
	struct keyset *others = honest_keys(1);

	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		struct honest honest;

		honest_make(&honest, (enum algorithm)a, 1);
		honest_expect_signature(algorithm_name((enum algorithm)a), others, &honest,
		    signature_span(&honest.signature), REASON_SIGNATURE_INVALID);
		free(honest.input);
	}
	keyset_free(others);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(honest_tokens_are_proved),
		cmocka_unit_test(no_flipped_bit_of_a_signature_is_proved),
		cmocka_unit_test(no_cut_or_stretched_signature_is_proved),
		cmocka_unit_test(no_constant_signature_is_proved),
		cmocka_unit_test(no_flipped_bit_of_a_text_is_proved),
		cmocka_unit_test(no_cut_text_is_proved),
		cmocka_unit_test(a_signature_is_of_its_own_input),
		cmocka_unit_test(the_same_kid_of_another_issuer_proves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
