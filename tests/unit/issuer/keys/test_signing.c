/* SPDX-License-Identifier: Apache-2.0 */
/* Signing keys as files: made, read, refused, published. When they take turns is in
 * test_signing_rotation.c. */
#include "key_files.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/rsa.h>

#include "base/json.h"
#include "jwks/keyset.h"

static void
want_refused(const char *why)
{
	struct signing *signing = NULL;

	if (open_as(SIGNING_ES256, &signing))
		fail_msg("opened, though %s", why);
	if (strstr(err.text, why) == NULL || strstr(err.text, "signing") == NULL)
		fail_msg("want \"%s\", got \"%s\"", why, err.text);
}

/* The path of the only key file. */
static void
key_path(char out[SCRATCH_ROOM * 2])
{
	struct signing *signing = open_signing();
	char name[128];

	(void)snprintf(name, sizeof(name), "signing/%s.pem", signing_kid(signing));
	scratch_path(&scratch, name, out);
	signing_close(signing);
}

static void
key_is_made_once_and_kept(void **state)
{
	struct signing *signing = open_signing();
	char kid[64];

	(void)state;
	(void)snprintf(kid, sizeof(kid), "%s", signing_kid(signing));
	assert_int_equal(strlen(kid), 43);
	signing_close(signing);
	signing = open_signing();
	assert_string_equal(signing_kid(signing), kid);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_ES256);
	signing_close(signing);
	assert_int_equal(count_keys(), 1);
}

/* One in 64 would, and `postern keys retire -GOU…` would be taken for an option. */
static void
a_kid_never_begins_with_a_dash(void **state)
{
	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct signing_key *key = NULL;

		assert_true(signing_key_make(SIGNING_ES256, &key, &err));
		assert_int_not_equal(signing_key_kid(key)[0], '-');
		signing_key_free(key);
	}
}

static void
key_file_is_private(void **state)
{
	char path[SCRATCH_ROOM * 2];
	struct stat info;

	(void)state;
	key_path(path);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	assert_int_equal(chmod(path, 0640), 0);
	want_refused(path);
	assert_int_equal(chmod(path, 0604), 0);
	want_refused(path);
	assert_int_equal(chmod(path, 0400), 0);
	signing_close(open_signing());
}

static void
two_at_once_make_one_key(void **state)
{
	struct signing *signing = NULL;
	int i, status;
	pid_t pids[4];

	(void)state;
	for (i = 0; i < 4; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(open_as(SIGNING_ES256, &signing) ? 0 : 1);
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_keys(), 1);
}

static void
make_directory(void)
{
	char dir[SCRATCH_ROOM * 2];

	scratch_path(&scratch, "signing", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void
rubbish_is_reported(void **state)
{
	(void)state;
	make_directory();
	write_pem("signing/x.pem", "rubbish", 7);
	want_refused("x.pem: not a private key in PEM");
	write_pem("signing/x.pem", "", 0);
	want_refused("x.pem: not a private key in PEM");
}

static void
other_kinds_of_key_are_reported(void **state)
{
	(void)state;
	make_directory();
	write_pkey("signing/x.pem", EVP_EC_gen("P-384"), NULL);
	want_refused("x.pem: not a key on P-256");
	write_pkey("signing/x.pem", EVP_RSA_gen(2048), NULL);
	want_refused("x.pem: not a key on P-256");
	/* A key under a pass phrase is an error; nobody is asked for it. */
	write_pkey("signing/x.pem", EVP_EC_gen("P-256"), "secret");
	want_refused("x.pem: not a private key in PEM");
}

static void
name_must_be_the_thumbprint(void **state)
{
	(void)state;
	make_directory();
	write_pkey("signing/x.pem", EVP_EC_gen("P-256"), NULL);
	want_refused("not the one in its name");
}

static void
other_files_are_left_alone(void **state)
{
	struct signing *signing;

	(void)state;
	make_directory();
	write_pem("signing/.half.pem", "rubbish", 7);
	write_pem("signing/README", "rubbish", 7);
	signing = open_signing();
	assert_int_equal(strlen(signing_kid(signing)), 43);
	signing_close(signing);
}

static void
unwritable_state_is_reported(void **state)
{
	(void)state;
	write_pem("signing", "a file", 6);
	want_refused("Not a directory");
}

static const struct {
	enum signing_algorithm algorithm;
	enum algorithm verified_as;
	const char *private_member;
} algorithms[] = {
	{ SIGNING_ES256, ALGORITHM_ES256, "/keys/0/d" },
	{ SIGNING_RS256, ALGORITHM_RS256, "/keys/0/p" },
	{ SIGNING_PS256, ALGORITHM_PS256, "/keys/0/d" },
	{ SIGNING_EDDSA, ALGORITHM_EdDSA, "/keys/0/d" },
};

static void
verify_often(struct signing *signing, const struct key *key, enum algorithm algorithm)
{
	unsigned char signature[SIGNING_BYTES];
	size_t len = 0;

	/* Often enough that R and S start with a zero byte now and then. */
	for (int i = 0; i < (algorithm == ALGORITHM_ES256 ? 600 : 20); i++) {
		assert_true(signing_key_sign(current_key(signing), SPAN("text"), signature, &len));
		assert_true(key_verify(
		    key, algorithm, SPAN("text"), (struct span){ (const char *)signature, len }));
	}
	assert_false(key_verify(
	    key, algorithm, SPAN("texu"), (struct span){ (const char *)signature, len }));
}

static void
public_set_is_public_and_verifies(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		struct signing *signing = NULL;
		struct keyset *set = NULL;
		const struct key *key = NULL;
		struct buffer json;
		json_t *root = NULL;

		teardown(NULL);
		setup(NULL);
		if (!open_as(algorithms[i].algorithm, &signing))
			fail_msg("%s", err.text);
		buffer_init(&json, 1 << 16);
		signing_jwks(keys_now(signing), &json);
		assert_true(json_read(buffer_span(&json), 1 << 16, &root, &err));
		assert_null(json_at(root, span_of(algorithms[i].private_member)));
		assert_string_equal(
		    json_string_value(json_at(root, SPAN("/keys/0/kid"))), signing_kid(signing));
		json_decref(root);
		assert_true(keyset_parse(buffer_span(&json), &set, &err));
		assert_int_equal(keyset_skipped(set), 0);
		assert_int_equal(keyset_find(set, span_of(signing_kid(signing)),
				     algorithms[i].verified_as, &key),
		    REASON_OK);
		verify_often(signing, key, algorithms[i].verified_as);
		buffer_done(&json);
		keyset_free(set);
		signing_close(signing);
	}
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(key_is_made_once_and_kept),
		TEST(a_kid_never_begins_with_a_dash),
		TEST(key_file_is_private),
		TEST(two_at_once_make_one_key),
		TEST(rubbish_is_reported),
		TEST(other_kinds_of_key_are_reported),
		TEST(name_must_be_the_thumbprint),
		TEST(other_files_are_left_alone),
		TEST(unwritable_state_is_reported),
		TEST(public_set_is_public_and_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
