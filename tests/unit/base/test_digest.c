/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"

static void
expect_hex(const unsigned char digest[DIGEST_BYTES], const char *hex)
{
	char made[2 * DIGEST_BYTES + 1];

	for (size_t i = 0; i < DIGEST_BYTES; i++)
		(void)snprintf(made + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(made, hex);
}

/* The examples of FIPS 180-4. */
static void
sha256_gives_the_standards_examples(void **state)
{
	unsigned char digest[DIGEST_BYTES];

	(void)state;
	assert_true(digest_sha256((struct span){ NULL, 0 }, digest));
	expect_hex(digest, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_true(digest_sha256(SPAN("abc"), digest));
	expect_hex(digest, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_true(digest_sha256(
	    SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), digest));
	expect_hex(digest, "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

/* RFC 4231, sections 4.2, 4.3 and 4.7. */
static void
hmac_gives_the_rfcs_examples(void **state)
{
	unsigned char digest[DIGEST_BYTES];
	char key[131];

	(void)state;
	memset(key, 0x0b, 20);
	assert_true(digest_hmac((struct span){ key, 20 }, SPAN("Hi There"), digest));
	expect_hex(digest, "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	assert_true(digest_hmac(SPAN("Jefe"), SPAN("what do ya want for nothing?"), digest));
	expect_hex(digest, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0xaa, sizeof(key));
	assert_true(digest_hmac((struct span){ key, sizeof(key) },
	    SPAN("Test Using Larger Than Block-Size Key - Hash Key First"), digest));
	expect_hex(digest, "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void
an_empty_key_is_a_key_and_not_the_one_before(void **state)
{
	unsigned char digest[DIGEST_BYTES];

	(void)state;
	assert_true(digest_hmac(SPAN("Jefe"), SPAN("x"), digest));
	assert_true(digest_hmac((struct span){ NULL, 0 }, (struct span){ NULL, 0 }, digest));
	expect_hex(digest, "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void *
hash_often(void *told)
{
	bool *same = told;
	unsigned char first[DIGEST_BYTES];
	unsigned char digest[DIGEST_BYTES];

	*same = digest_sha256(SPAN("abc"), first);
	for (int i = 0; i < 1000 && *same; i++) {
		*same = digest_sha256(SPAN("something else"), digest) &&
			digest_sha256(SPAN("abc"), digest) &&
			memcmp(first, digest, DIGEST_BYTES) == 0;
	}
	return NULL;
}

static void
threads_do_not_disturb_each_other(void **state)
{
	pthread_t threads[8];
	bool same[8] = { false };

	(void)state;
	for (size_t i = 0; i < 8; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, hash_often, &same[i]), 0);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_true(same[i]);
	}
}

static void
random_bytes_fill_all_and_differ(void **state)
{
	unsigned char a[4096] = { 0 };
	unsigned char b[4096] = { 0 };
	size_t zeros = 0;

	(void)state;
	assert_true(digest_random(a, sizeof(a)));
	assert_true(digest_random(b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	for (size_t i = sizeof(a) - 32; i < sizeof(a); i++)
		zeros += a[i] == 0;
	assert_true(zeros < 32);
	assert_true(digest_random(a, 0));
}

static void
sameness_looks_at_every_byte(void **state)
{
	char a[64];
	char b[64];

	(void)state;
	memset(a, 'x', sizeof(a));
	memset(b, 'x', sizeof(b));
	assert_true(digest_same((struct span){ a, 64 }, (struct span){ b, 64 }));
	for (size_t i = 0; i < 64; i++) {
		b[i] = (char)(b[i] ^ 1);
		assert_false(digest_same((struct span){ a, 64 }, (struct span){ b, 64 }));
		b[i] = (char)(b[i] ^ 1);
	}
	assert_false(digest_same((struct span){ a, 63 }, (struct span){ b, 64 }));
	assert_true(digest_same((struct span){ NULL, 0 }, SPAN("")));
}

static void
wiped_memory_is_zero(void **state)
{
	char secret[32];
	const char zeros[32] = { 0 };

	(void)state;
	memset(secret, 's', sizeof(secret));
	digest_wipe(secret, sizeof(secret));
	assert_memory_equal(secret, zeros, sizeof(zeros));
	digest_wipe(NULL, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_gives_the_standards_examples),
		cmocka_unit_test(hmac_gives_the_rfcs_examples),
		cmocka_unit_test(an_empty_key_is_a_key_and_not_the_one_before),
		cmocka_unit_test(threads_do_not_disturb_each_other),
		cmocka_unit_test(random_bytes_fill_all_and_differ),
		cmocka_unit_test(sameness_looks_at_every_byte),
		cmocka_unit_test(wiped_memory_is_zero),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
