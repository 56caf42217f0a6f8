/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/json.h"
#include "issuer/signing.h"
#include "jwks/keyset.h"

static struct scratch scratch;
static struct err err;

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return 0;
}

static struct signing *
open_signing(void)
{
	struct signing *signing = NULL;

	if (!signing_open(scratch.dir, &signing, &err))
		fail_msg("%s", err.text);
	return signing;
}

static void
want_refused(const char *why)
{
	struct signing *signing = NULL;

	if (signing_open(scratch.dir, &signing, &err))
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

static int
count_keys(void)
{
	char dir[SCRATCH_ROOM * 2];
	struct dirent *entry;
	int count = 0;
	DIR *d;

	scratch_path(&scratch, "signing", dir);
	d = opendir(dir);
	assert_non_null(d);
	while ((entry = readdir(d)) != NULL)
		count += entry->d_name[0] != '.';
	closedir(d);
	return count;
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
	assert_string_equal(signing_alg(signing), "ES256");
	signing_close(signing);
	assert_int_equal(count_keys(), 1);
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
			_exit(signing_open(scratch.dir, &signing, &err) ? 0 : 1);
	}
	for (i = 0; i < 4; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(count_keys(), 1);
}

static void
write_pem(const char *name, const char *pem, size_t len)
{
	char path[SCRATCH_ROOM * 2];
	int fd;

	scratch_path(&scratch, name, path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, pem, len), (ssize_t)len);
	close(fd);
}

/* taken: `pkey`. */
static void
write_pkey(const char *name, EVP_PKEY *pkey, const char *pass)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem = NULL;
	long len;

	assert_non_null(pkey);
	assert_int_equal(
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, pass == NULL ? NULL : EVP_aes_128_cbc(), pass,
		pass == NULL ? 0 : (int)strlen(pass), NULL, NULL),
	    1);
	len = BIO_get_mem_data(bio, &pem);
	write_pem(name, pem, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
}

static void
make_directory(void)
{
	char dir[SCRATCH_ROOM * 2];

	scratch_path(&scratch, "signing", dir);
	assert_int_equal(mkdir(dir, 0700), 0);
}

static void
rubbish_is_told(void **state)
{
	(void)state;
	make_directory();
	write_pem("signing/x.pem", "rubbish", 7);
	want_refused("x.pem: not a private key in PEM");
	write_pem("signing/x.pem", "", 0);
	want_refused("x.pem: not a private key in PEM");
}

static void
other_kinds_of_key_are_told(void **state)
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
	want_refused("not the one its name says");
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
unwritable_state_is_told(void **state)
{
	(void)state;
	write_pem("signing", "a file", 6);
	want_refused("Not a directory");
}

static void
public_set_is_public_and_verifies(void **state)
{
	struct signing *signing = open_signing();
	unsigned char signature[SIGNING_BYTES];
	struct keyset *set = NULL;
	const struct key *key = NULL;
	struct buffer json;
	json_t *root = NULL;
	int i;

	(void)state;
	buffer_init(&json, 1 << 16);
	signing_jwks(signing, &json);
	assert_true(json_read(buffer_span(&json), 1 << 16, &root, &err));
	assert_null(json_at(root, SPAN("/keys/0/d")));
	assert_string_equal(
	    json_string_value(json_at(root, SPAN("/keys/0/kid"))), signing_kid(signing));
	json_decref(root);
	assert_true(keyset_parse(buffer_span(&json), &set, &err));
	assert_int_equal(keyset_skipped(set), 0);
	assert_int_equal(
	    keyset_find(set, span_of(signing_kid(signing)), ALGORITHM_ES256, &key), REASON_OK);
	/* Often enough that R and S start with a zero byte now and then. */
	for (i = 0; i < 600; i++) {
		assert_true(signing_sign(signing, SPAN("text"), signature, &err));
		assert_true(key_verify(key, ALGORITHM_ES256, SPAN("text"),
		    (struct span){ (const char *)signature, sizeof(signature) }));
	}
	assert_false(key_verify(key, ALGORITHM_ES256, SPAN("texu"),
	    (struct span){ (const char *)signature, sizeof(signature) }));
	buffer_done(&json);
	keyset_free(set);
	signing_close(signing);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(key_is_made_once_and_kept),
		TEST(key_file_is_private),
		TEST(two_at_once_make_one_key),
		TEST(rubbish_is_told),
		TEST(other_kinds_of_key_are_told),
		TEST(name_must_be_the_thumbprint),
		TEST(other_files_are_left_alone),
		TEST(unwritable_state_is_told),
		TEST(public_set_is_public_and_verifies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
