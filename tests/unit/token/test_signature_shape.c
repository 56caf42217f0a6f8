/* SPDX-License-Identifier: Apache-2.0 */
/* What a signature must look like (RFC 7518 sections 3.3 to 3.5, RFC 8037 section 3.1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "honest.h"

static void
pss_takes_one_salt_length_and_one_mgf_hash(void **state)
{
	static const struct {
		const char *name;
		int salt_bytes;
		const char *mgf1;
		enum reason want;
	} cases[] = {
		{ "as long as the digest", 32, NULL, REASON_OK },
		{ "none", 0, NULL, REASON_SIGNATURE_INVALID },
		{ "20 bytes", 20, NULL, REASON_SIGNATURE_INVALID },
		{ "31 bytes", 31, NULL, REASON_SIGNATURE_INVALID },
		{ "33 bytes", 33, NULL, REASON_SIGNATURE_INVALID },
		{ "64 bytes", 64, NULL, REASON_SIGNATURE_INVALID },
		{ "as long as there is room", RSA_PSS_SALTLEN_MAX, NULL, REASON_SIGNATURE_INVALID },
		{ "MGF1 with SHA-1", 32, "SHA1", REASON_SIGNATURE_INVALID },
		{ "MGF1 with SHA-512", 32, "SHA512", REASON_SIGNATURE_INVALID },
	};
	struct keyset *set = honest_keys(0);
	struct honest honest;

	(void)state;
	honest_make(&honest, ALGORITHM_PS256, 1);
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		struct signing_way way = { "SHA256", true, cases[i].salt_bytes, cases[i].mgf1,
			false };
		struct signature signature =
		    signer_sign_by(signer_key(ALGORITHM_PS256, 0), &way, span_of(honest.input));

		honest_expect_signature(
		    cases[i].name, set, &honest, signature_span(&signature), cases[i].want);
	}
	free(honest.input);
	keyset_free(set);
}

static void
another_hash_under_a_true_name_is_refused(void **state)
{
	static const char *const digests[] = { "SHA1", "SHA224", "SHA384", "SHA512", "SHA512-256",
		"SHA3-256" };
	static const enum algorithm names[] = { ALGORITHM_RS256, ALGORITHM_PS256, ALGORITHM_ES256 };
	struct keyset *set = honest_keys(0);

	(void)state;
	for (size_t n = 0; n < CASES_OF(names); n++) {
		struct honest honest;

		honest_make(&honest, names[n], 1);
		for (size_t d = 0; d < CASES_OF(digests); d++) {
			struct signing_way way = { digests[d], names[n] == ALGORITHM_PS256, -1,
				NULL, false };
			struct signature signature =
			    signer_sign_by(signer_key(names[n], 0), &way, span_of(honest.input));

			honest_expect_signature(digests[d], set, &honest,
			    signature_span(&signature), REASON_SIGNATURE_INVALID);
		}
		free(honest.input);
	}
	keyset_free(set);
}

/* The order of P-256, and a number under it in 32 bytes. */
static BIGNUM *
order(void)
{
	BIGNUM *n = NULL;

	assert_int_not_equal(BN_hex2bn(&n, "ffffffff00000000ffffffffffffffff"
					   "bce6faada7179e84f3b9cac2fc632551"),
	    0);
	return n;
}

enum shape { AS_IT_IS, ZERO, ONE, ORDER, LARGEST };

static void
write_number(enum shape shape, unsigned char at[32])
{
	BIGNUM *n = order();

	if (shape == ZERO || shape == ONE) {
		memset(at, 0, 32);
		at[31] = shape == ONE;
	} else if (shape == ORDER) {
		assert_int_equal(BN_bn2binpad(n, at, 32), 32);
	} else if (shape == LARGEST) {
		memset(at, 0xff, 32);
	}
	BN_free(n);
}

static void
numbers_of_ecdsa_are_from_one_to_below_the_order(void **state)
{
	struct keyset *set = honest_keys(0);
	struct honest honest;

	(void)state;
	honest_make(&honest, ALGORITHM_ES256, 1);
	for (int r = AS_IT_IS; r <= LARGEST; r++)
		for (int s = AS_IT_IS; s <= LARGEST; s++) {
			struct signature bad = honest.signature;

			write_number((enum shape)r, bad.at);
			write_number((enum shape)s, bad.at + 32);
			honest_expect_signature("r and s", set, &honest, signature_span(&bad),
			    r == AS_IT_IS && s == AS_IT_IS ? REASON_OK : REASON_SIGNATURE_INVALID);
		}
	free(honest.input);
	keyset_free(set);
}

/* n - s is as true as s: RFC 7518 does not ask for a low S. Nobody takes r for s. */
static void
the_other_s_is_accepted_and_a_swap_refused(void **state)
{
	struct keyset *set = honest_keys(0);
	BIGNUM *n = order(), *s = BN_new();
	struct honest honest;
	struct signature other;

	(void)state;
	honest_make(&honest, ALGORITHM_ES256, 1);
	other = honest.signature;
	assert_non_null(BN_bin2bn(other.at + 32, 32, s));
	assert_int_equal(BN_sub(s, n, s), 1);
	assert_int_equal(BN_bn2binpad(s, other.at + 32, 32), 32);
	honest_expect_signature("n - s", set, &honest, signature_span(&other), REASON_OK);
	memcpy(other.at, honest.signature.at + 32, 32);
	memcpy(other.at + 32, honest.signature.at, 32);
	honest_expect_signature(
	    "swapped", set, &honest, signature_span(&other), REASON_SIGNATURE_INVALID);
	free(honest.input);
	BN_free(n);
	BN_free(s);
	keyset_free(set);
}

/* Congruent numbers are not the same; in the 66 bytes of P-521 there is room for them. */
static void
a_number_plus_the_order_is_refused(void **state)
{
	struct keyset *set = honest_keys(0);
	EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_secp521r1);
	BIGNUM *sum = BN_new();
	struct honest honest;

	(void)state;
	honest_make(&honest, ALGORITHM_ES512, 1);
	for (size_t half = 0; half < 2; half++) {
		struct signature bad = honest.signature;

		assert_non_null(BN_bin2bn(bad.at + 66 * half, 66, sum));
		assert_int_equal(BN_add(sum, sum, EC_GROUP_get0_order(group)), 1);
		assert_int_equal(BN_bn2binpad(sum, bad.at + 66 * half, 66), 66);
		honest_expect_signature(
		    "plus n", set, &honest, signature_span(&bad), REASON_SIGNATURE_INVALID);
	}
	free(honest.input);
	BN_free(sum);
	EC_GROUP_free(group);
	keyset_free(set);
}

/* The numbers of a larger curve have the same values with zeros before them. */
static void
wider_numbers_are_refused(void **state)
{
	static const struct {
		enum algorithm algorithm;
		size_t half, wider;
	} cases[] = { { ALGORITHM_ES256, 32, 48 }, { ALGORITHM_ES256, 32, 66 },
		{ ALGORITHM_ES384, 48, 66 } };
	struct keyset *set = honest_keys(0);

	(void)state;
	for (size_t i = 0; i < CASES_OF(cases); i++) {
		size_t half = cases[i].half, more = cases[i].wider - half;
		struct signature wide = { .len = 2 * cases[i].wider };
		struct honest honest;

		honest_make(&honest, cases[i].algorithm, 1);
		memcpy(wide.at + more, honest.signature.at, half);
		memcpy(wide.at + cases[i].wider + more, honest.signature.at + half, half);
		honest_expect_signature(
		    "with zeros", set, &honest, signature_span(&wide), REASON_SIGNATURE_INVALID);
		free(honest.input);
	}
	keyset_free(set);
}

static void
der_is_no_jws_signature(void **state)
{
	static const enum algorithm names[] = { ALGORITHM_ES256, ALGORITHM_ES384, ALGORITHM_ES512 };
	struct keyset *set = honest_keys(0);

	(void)state;
	for (size_t i = 0; i < CASES_OF(names); i++) {
		struct signing_way way = { signer_digest(names[i]), false, 0, NULL, true };
		struct honest honest;
		struct signature der;

		honest_make(&honest, names[i], 1);
		der = signer_sign_by(signer_key(names[i], 0), &way, span_of(honest.input));
		honest_expect_signature(
		    "DER", set, &honest, signature_span(&der), REASON_SIGNATURE_INVALID);
		free(honest.input);
	}
	keyset_free(set);
}

static void
eddsa_takes_no_s_beyond_the_order(void **state)
{
	static const unsigned char l[32] = { 0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6,
		0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, [31] = 0x10 };
	struct keyset *set = honest_keys(0);
	struct honest honest;
	struct signature bad;
	unsigned carry = 0;

	(void)state;
	honest_make(&honest, ALGORITHM_EdDSA, 1);
	bad = honest.signature;
	for (size_t i = 0; i < 32; i++) {
		carry += (unsigned)bad.at[32 + i] + l[i];
		bad.at[32 + i] = (unsigned char)carry;
		carry >>= 8;
	}
	assert_int_equal(carry, 0);
	honest_expect_signature(
	    "S + L", set, &honest, signature_span(&bad), REASON_SIGNATURE_INVALID);
	free(honest.input);
	keyset_free(set);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pss_takes_one_salt_length_and_one_mgf_hash),
		cmocka_unit_test(another_hash_under_a_true_name_is_refused),
		cmocka_unit_test(numbers_of_ecdsa_are_from_one_to_below_the_order),
		cmocka_unit_test(the_other_s_is_accepted_and_a_swap_refused),
		cmocka_unit_test(a_number_plus_the_order_is_refused),
		cmocka_unit_test(wider_numbers_are_refused),
		cmocka_unit_test(der_is_no_jws_signature),
		cmocka_unit_test(eddsa_takes_no_s_beyond_the_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
