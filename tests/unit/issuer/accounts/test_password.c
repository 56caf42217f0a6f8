/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <pthread.h>

#include "issuer/accounts/password.h"

/* RFC 7914 section 12, the third vector: P "pleaseletmein", S "SodiumChloride". */
#define VECTOR                                                                                     \
	"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI"

static bool
right(const char *hash, const char *password)
{
	bool is_right = true;

	assert_true(password_right(hash, span_of(password), &is_right));
	return is_right;
}

static void
the_vector_of_the_rfc_is_right(void **state)
{
	(void)state;
	assert_true(right(VECTOR, "pleaseletmein"));
	assert_false(right(VECTOR, "pleaseletmein "));
	assert_false(right(VECTOR, "Pleaseletmein"));
	assert_false(right(VECTOR, ""));
}

static void
a_hash_is_of_one_password_and_never_the_same_twice(void **state)
{
	char a[PASSWORD_HASH_ROOM], b[PASSWORD_HASH_ROOM];

	(void)state;
	assert_true(password_hash(SPAN("correct horse"), a));
	assert_true(password_hash(SPAN("correct horse"), b));
	assert_string_not_equal(a, b);
	assert_true(password_hash_valid(span_of(a)));
	assert_true(right(a, "correct horse"));
	assert_false(right(a, "correct horsf"));
	assert_true(right(b, "correct horse"));
}

static void
two_spellings_of_a_word_are_two_passwords(void **state)
{
	char hash[PASSWORD_HASH_ROOM];

	(void)state;
	assert_true(password_hash(SPAN("caf\xc3\xa9"), hash));
	assert_true(right(hash, "caf\xc3\xa9"));
	assert_false(right(hash, "cafe\xcc\x81"));
}

static void
nobody_has_a_password(void **state)
{
	(void)state;
	assert_false(right(NULL, ""));
	assert_false(right("", ""));
	assert_false(right("secret", "secret"));
}

static void
a_hash_that_says_anything_else_is_nobodys(void **state)
{
	static const char *const wrong[] = {
		"$scrypt$",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9",
		"$scrypt$ln=14,r=8,p=1$$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=14,r=8,p=1$YQ$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=18,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=14,r=9,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=14,r=8,p=13$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=014,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=14,r=0,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=-1,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$r=8,ln=14,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046_2o-7qQT44-"
		"qbVD9lRdofI",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI=",
		"$scrypt$ln=14,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/"
		"2o+7qQT44+qbVD9lRdofI$",
		"sha256$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	};
	size_t i;

	(void)state;
	assert_true(password_hash_valid(SPAN(VECTOR)));
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		if (password_hash_valid(span_of(wrong[i])))
			fail_msg("%s: is taken for a hash", wrong[i]);
	assert_false(right(wrong[5], "pleaseletmein"));
}

static void
a_hash_of_less_work_is_stale(void **state)
{
	char hash[PASSWORD_HASH_ROOM];

	(void)state;
	assert_true(password_stale(VECTOR));
	assert_true(password_hash(SPAN("x"), hash));
	assert_false(password_stale(hash));
	assert_false(password_stale("no hash"));
}

/* What a worker of the gate has. */
#define THREAD_STACK (100u << 10)

static void *
hash_and_check(void *context)
{
	bool *done = context, is_right = false;
	char hash[PASSWORD_HASH_ROOM];

	*done = password_hash(SPAN("small"), hash) &&
		password_right(hash, SPAN("small"), &is_right) && is_right;
	return NULL;
}

static void
a_worker_has_stack_enough(void **state)
{
	pthread_attr_t attributes;
	pthread_t thread;
	bool done = false;

	(void)state;
	assert_int_equal(pthread_attr_init(&attributes), 0);
	assert_int_equal(pthread_attr_setstacksize(&attributes, THREAD_STACK), 0);
	assert_int_equal(pthread_create(&thread, &attributes, hash_and_check, &done), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	(void)pthread_attr_destroy(&attributes);
	assert_true(done);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_vector_of_the_rfc_is_right),
		cmocka_unit_test(a_hash_is_of_one_password_and_never_the_same_twice),
		cmocka_unit_test(two_spellings_of_a_word_are_two_passwords),
		cmocka_unit_test(nobody_has_a_password),
		cmocka_unit_test(a_hash_that_says_anything_else_is_nobodys),
		cmocka_unit_test(a_hash_of_less_work_is_stale),
		cmocka_unit_test(a_worker_has_stack_enough),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
