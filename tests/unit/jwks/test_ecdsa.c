/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <openssl/bn.h>
#include <openssl/ec.h>

#include "jwks/ecdsa.h"

/* What OpenSSL itself would write. */
static size_t
openssl_der(const unsigned char *raw, size_t len, unsigned char **ret_der)
{
	ECDSA_SIG *both = ECDSA_SIG_new();
	int der_len;

	assert_int_equal(ECDSA_SIG_set0(both, BN_bin2bn(raw, (int)len / 2, NULL),
			     BN_bin2bn(raw + len / 2, (int)len / 2, NULL)),
	    1);
	*ret_der = NULL;
	der_len = i2d_ECDSA_SIG(both, ret_der);
	ECDSA_SIG_free(both);
	assert_true(der_len > 0);
	return (size_t)der_len;
}

static void
expect_same(const unsigned char *raw, size_t len)
{
	char der[ECDSA_DER_MAX_BYTES];
	unsigned char *want;
	size_t want_len = openssl_der(raw, len, &want);

	assert_int_equal(ecdsa_der((struct span){ (const char *)raw, len }, der), want_len);
	assert_memory_equal(der, want, want_len);
	OPENSSL_free(want);
}

static void
it_writes_what_openssl_writes(void **state)
{
	static const size_t lengths[] = { 64, 96, 132 };
	static const unsigned char tops[] = { 0x00, 0x01, 0x7f, 0x80, 0xff };
	unsigned char raw[132];

	(void)state;
	for (size_t l = 0; l < 3; l++) {
		size_t half = lengths[l] / 2;

		/* Leading zeros of every number, under every top byte. */
		for (size_t zeros = 0; zeros < half - 1; zeros++)
			for (size_t top = 0; top < sizeof(tops); top++) {
				memset(raw, 0x5a, sizeof(raw));
				memset(raw, 0, zeros);
				raw[zeros] = tops[top];
				expect_same(raw, lengths[l]);
				memset(raw, 0xa5, half);
				memset(raw + half, 0, zeros);
				raw[half + zeros] = tops[top];
				expect_same(raw, lengths[l]);
			}
	}
}

static void
zero_is_refused(void **state)
{
	char der[ECDSA_DER_MAX_BYTES];
	char raw[64] = { 0 };

	(void)state;
	assert_int_equal(ecdsa_der((struct span){ raw, 64 }, der), 0);
	raw[31] = 1;
	assert_int_equal(ecdsa_der((struct span){ raw, 64 }, der), 0);
	raw[31] = 0;
	raw[63] = 1;
	assert_int_equal(ecdsa_der((struct span){ raw, 64 }, der), 0);
	raw[31] = 1;
	assert_int_equal(ecdsa_der((struct span){ raw, 64 }, der), 8);
}

static void
lengths_of_no_curve_are_refused(void **state)
{
	char der[ECDSA_DER_MAX_BYTES];
	char raw[200];

	(void)state;
	memset(raw, 1, sizeof(raw));
	for (size_t len = 0; len <= sizeof(raw); len++)
		if (len != 64 && len != 96 && len != 132)
			assert_int_equal(ecdsa_der((struct span){ raw, len }, der), 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_writes_what_openssl_writes),
		cmocka_unit_test(zero_is_refused),
		cmocka_unit_test(lengths_of_no_curve_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
