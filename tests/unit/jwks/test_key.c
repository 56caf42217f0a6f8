/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/err.h>
#include <pthread.h>

#include "../token/signer.h"
#include "jwks/key.h"

static struct key *
key_of(enum algorithm algorithm, size_t which, const char *kid, const char *alg)
{
	json_t *jwk = signer_jwk(signer_key(algorithm, which), kid, alg);
	struct err err = { "" };
	struct key *key = NULL;

	if (!key_parse(jwk, &key, &err))
		fail_msg("%s", err.text);
	json_decref(jwk);
	return key;
}

static void
a_key_knows_what_it_is(void **state)
{
	struct key *key = key_of(ALGORITHM_ES512, 0, "k1", "ES512");

	(void)state;
	assert_true(span_is(key_kid(key), "k1"));
	assert_int_equal(key_kind(key), KEY_EC);
	assert_int_equal(key_algorithm(key), ALGORITHM_ES512);
	assert_int_equal(key_bits(key), 521);
	key_free(key);
	key = key_of(ALGORITHM_RS256, 0, NULL, NULL);
	assert_null(key_kid(key).at);
	assert_int_equal(key_kind(key), KEY_RSA);
	assert_int_equal(key_algorithm(key), ALGORITHM_COUNT);
	assert_int_equal(key_bits(key), 2048);
	key_free(key);
	key = key_of(ALGORITHM_EdDSA, 0, NULL, NULL);
	assert_int_equal(key_kind(key), KEY_OKP);
	assert_int_equal(key_bits(key), 256);
	key_free(key);
	key_free(NULL);
}

static void
a_key_fits_by_type_curve_and_own_alg(void **state)
{
	static const struct {
		enum algorithm of;
		const char *alg;
		algorithm_set fits;
	} cases[] = {
		{ ALGORITHM_RS256, NULL,
		    ALGORITHM_BIT(ALGORITHM_RS256) | ALGORITHM_BIT(ALGORITHM_RS384) |
			ALGORITHM_BIT(ALGORITHM_RS512) | ALGORITHM_BIT(ALGORITHM_PS256) |
			ALGORITHM_BIT(ALGORITHM_PS384) | ALGORITHM_BIT(ALGORITHM_PS512) },
		{ ALGORITHM_RS256, "RS256", ALGORITHM_BIT(ALGORITHM_RS256) },
		{ ALGORITHM_RS256, "PS256", ALGORITHM_BIT(ALGORITHM_PS256) },
		{ ALGORITHM_ES256, NULL, ALGORITHM_BIT(ALGORITHM_ES256) },
		{ ALGORITHM_ES384, NULL, ALGORITHM_BIT(ALGORITHM_ES384) },
		{ ALGORITHM_ES512, NULL, ALGORITHM_BIT(ALGORITHM_ES512) },
		{ ALGORITHM_EdDSA, "EdDSA", ALGORITHM_BIT(ALGORITHM_EdDSA) },
	};

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct key *key = key_of(cases[i].of, 0, NULL, cases[i].alg);

		for (int a = 0; a <= ALGORITHM_COUNT; a++)
			assert_int_equal(key_fits(key, (enum algorithm)a),
			    (cases[i].fits & ALGORITHM_BIT(a)) != 0);
		key_free(key);
	}
}

static void
keys_are_the_same_by_kid_alg_and_material(void **state)
{
	struct key *key = key_of(ALGORITHM_ES256, 0, "a", "ES256");
	struct key *others[] = { key_of(ALGORITHM_ES256, 0, "b", "ES256"),
		key_of(ALGORITHM_ES256, 0, NULL, "ES256"), key_of(ALGORITHM_ES256, 0, "a", NULL),
		key_of(ALGORITHM_ES256, 1, "a", "ES256"), key_of(ALGORITHM_ES384, 0, "a", NULL),
		key_of(ALGORITHM_RS256, 0, "a", NULL), key_of(ALGORITHM_EdDSA, 0, "a", NULL) };
	struct key *twin = key_of(ALGORITHM_ES256, 0, "a", "ES256");

	(void)state;
	assert_true(key_same(key, key));
	assert_true(key_same(key, twin));
	for (size_t i = 0; i < CASES_OF(others); i++) {
		assert_false(key_same(key, others[i]));
		assert_false(key_same(others[i], key));
		key_free(others[i]);
	}
	assert_int_equal(ERR_peek_error(), 0);
	key_free(twin);
	key_free(key);
}

/* Every algorithm's signature under every algorithm's name by every key: only one is good. */
static void
a_signature_counts_for_its_key_and_algorithm_only(void **state)
{
	struct span input = SPAN("header.payload");

	(void)state;
	for (int by = 0; by < ALGORITHM_COUNT; by++) {
		struct signature signature =
		    signer_sign(signer_key((enum algorithm)by, 0), (enum algorithm)by, input);

		for (int of = 0; of < ALGORITHM_COUNT; of++) {
			struct key *mine = key_of((enum algorithm)of, 0, NULL, NULL);
			struct key *other = key_of((enum algorithm)of, 1, NULL, NULL);

			for (int as = 0; as <= ALGORITHM_COUNT; as++) {
				/* The RSA algorithms share one key here. */
				bool good = as == by && key_fits(mine, (enum algorithm)as);

				assert_int_equal(key_verify(mine, (enum algorithm)as, input,
						     signature_span(&signature)),
				    good);
				assert_false(key_verify(
				    other, (enum algorithm)as, input, signature_span(&signature)));
			}
			key_free(mine);
			key_free(other);
		}
	}
	assert_int_equal(ERR_peek_error(), 0);
}

static void
an_empty_input_can_be_signed(void **state)
{
	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		struct key *key = key_of((enum algorithm)a, 0, NULL, NULL);
		struct signature signature =
		    signer_sign(signer_key((enum algorithm)a, 0), (enum algorithm)a, SPAN(""));

		assert_true(
		    key_verify(key, (enum algorithm)a, SPAN(""), signature_span(&signature)));
		assert_false(
		    key_verify(key, (enum algorithm)a, SPAN(""), (struct span){ NULL, 0 }));
		key_free(key);
	}
}

#define THREADS 8
#define ROUNDS 200

struct shared {
	struct key *keys[ALGORITHM_COUNT];
	struct signature good[ALGORITHM_COUNT];
};

static void *
verify_all(void *context)
{
	const struct shared *shared = context;
	uintptr_t wrong = 0;

	for (int round = 0; round < ROUNDS; round++) {
		enum algorithm a = (enum algorithm)(round % ALGORITHM_COUNT);
		struct signature bad = shared->good[a];

		bad.at[bad.len / 2] ^= 1;
		if (!key_verify(shared->keys[a], a, SPAN("x"), signature_span(&shared->good[a])))
			wrong++;
		if (key_verify(shared->keys[a], a, SPAN("x"), signature_span(&bad)))
			wrong++;
	}
	return (void *)wrong;
}

static void
threads_share_a_key(void **state)
{
	struct shared shared;
	pthread_t threads[THREADS];

	(void)state;
	for (int a = 0; a < ALGORITHM_COUNT; a++) {
		shared.keys[a] = key_of((enum algorithm)a, 0, NULL, NULL);
		shared.good[a] =
		    signer_sign(signer_key((enum algorithm)a, 0), (enum algorithm)a, SPAN("x"));
	}
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, verify_all, &shared), 0);
	for (int i = 0; i < THREADS; i++) {
		void *wrong = NULL;

		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	for (int a = 0; a < ALGORITHM_COUNT; a++)
		key_free(shared.keys[a]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_key_knows_what_it_is),
		cmocka_unit_test(a_key_fits_by_type_curve_and_own_alg),
		cmocka_unit_test(keys_are_the_same_by_kid_alg_and_material),
		cmocka_unit_test(a_signature_counts_for_its_key_and_algorithm_only),
		cmocka_unit_test(an_empty_input_can_be_signed),
		cmocka_unit_test(threads_share_a_key),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
