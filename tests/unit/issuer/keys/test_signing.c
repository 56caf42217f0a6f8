/* SPDX-License-Identifier: Apache-2.0 */
#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/clock.h"
#include "base/json.h"
#include "issuer/keys/signing.h"
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

/* The keys now: lent until they change. */
static const struct signing_set *
keys_now(struct signing *signing)
{
	struct signing_set *set = signing_now(signing);

	signing_set_free(set);
	return set;
}

static const struct signing_key *
current_key(struct signing *signing)
{
	return keys_now(signing)->keys[keys_now(signing)->current];
}

/* A copy, good for some more calls. */
static const char *
signing_kid(struct signing *signing)
{
	static char kids[8][64];
	static size_t next;
	char *kid = kids[next++ % 8];

	(void)snprintf(kid, 64, "%s", signing_key_kid(current_key(signing)));
	return kid;
}

static bool
open_as(enum signing_algorithm algorithm, struct signing **ret_signing)
{
	struct signing_setup setup = { .state_dir = scratch.dir,
		.algorithm = algorithm,
		.rotate_after_s = 90 * 86400,
		.publish_ahead_s = 3600 };

	return signing_open(&setup, ret_signing, &err);
}

static struct signing *
open_signing(void)
{
	struct signing *signing = NULL;

	if (!open_as(SIGNING_ES256, &signing))
		fail_msg("%s", err.text);
	return signing;
}

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
		count += span_ends(span_of(entry->d_name), SPAN(".pem"));
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
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_ES256);
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
			_exit(open_as(SIGNING_ES256, &signing) ? 0 : 1);
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

/* --- rotation --- */

#define DAY 86400

static size_t
published(struct signing *signing, int64_t now_s)
{
	bool changed;

	if (!signing_tend(signing, now_s, &changed, &err))
		fail_msg("%s", err.text);
	return keys_now(signing)->count;
}

static void
key_is_published_before_it_signs_and_kept_after(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = keys_now(signing)->times[0].signs_s;
	char first[64];

	(void)state;
	signing_keep(signing, 7200);
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_int_equal(published(signing, now_s + 90 * DAY - 3601), 1);
	assert_int_equal(published(signing, now_s + 90 * DAY - 3600), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 90 * DAY - 1), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 90 * DAY), 2);
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 90 * DAY + 7199), 2);
	assert_int_equal(published(signing, now_s + 90 * DAY + 7200), 1);
	assert_int_equal(count_keys(), 1);
	signing_close(signing);
}

/* Two years ahead for a moment, which is when the next key was due. */
static void
key_made_while_the_clock_was_ahead_does_not_wait_until_then(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s();
	char first[64];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	signing_keep(signing, 7200);
	assert_int_equal(published(signing, now_s + 730 * DAY), 2);
	assert_int_equal(published(signing, now_s), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 3599), 2);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, now_s + 3600), 2);
	assert_string_not_equal(signing_kid(signing), first);
	/* And the one after it comes in time, too. */
	assert_int_equal(published(signing, now_s + 3600 + 90 * DAY - 3600), 2);
	signing_close(signing);
}

static void
key_that_signs_since_a_time_to_come_counts_as_made_now(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s() - 700 * DAY;
	char first[64];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_int_equal(published(signing, now_s), 1);
	assert_string_equal(signing_kid(signing), first);
	assert_int_equal(keys_now(signing)->times[0].signs_s, now_s);
	assert_int_equal(published(signing, now_s + 90 * DAY), 2);
	signing_close(signing);
}

static void
nothing_is_made_or_dropped_while_the_clock_is_in_doubt(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s();
	char *kid = NULL;

	(void)state;
	signing_keep(signing, 7200);
	assert_true(signing_rotate_at_once(signing, now_s, &kid, &err));
	free(kid);
	signing_hold(signing, true);
	assert_int_equal(published(signing, now_s + 730 * DAY), 2);
	signing_hold(signing, false);
	assert_int_equal(published(signing, now_s), 2);
	assert_int_equal(published(signing, now_s + DAY), 1);
	signing_close(signing);
}

static void
retired_key_is_gone_at_once_and_another_signs(void **state)
{
	struct signing *signing = open_signing();
	char *kid = NULL, first[64];

	(void)state;
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_false(signing_retire(signing, "nobody", clock_now_s(), &err));
	assert_true(signing_rotate(signing, clock_now_s(), &kid, &err));
	assert_string_equal(signing_kid(signing), first);
	free(kid);
	assert_false(signing_rotate(signing, clock_now_s(), &kid, &err));
	assert_true(signing_retire(signing, first, clock_now_s(), &err));
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(keys_now(signing)->count, 1);
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_true(signing_retire(signing, first, clock_now_s(), &err));
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(count_keys(), 1);
	signing_close(signing);
}

static void
rotation_elsewhere_is_seen(void **state)
{
	struct signing *one = open_signing(), *other = open_signing();
	char *kid = NULL;
	bool changed;

	(void)state;
	assert_true(signing_rotate_at_once(other, clock_now_s(), &kid, &err));
	assert_true(signing_tend(one, clock_now_s(), &changed, &err));
	assert_true(changed);
	assert_string_equal(signing_kid(one), kid);
	assert_true(signing_tend(one, clock_now_s(), &changed, &err));
	assert_false(changed);
	free(kid);
	signing_close(one);
	signing_close(other);
}

static void
other_algorithm_is_a_rotation(void **state)
{
	struct signing *signing = open_signing();
	int64_t now_s = clock_now_s();

	(void)state;
	signing_close(signing);
	assert_true(open_as(SIGNING_EDDSA, &signing));
	signing_keep(signing, 60);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_ES256);
	assert_int_equal(published(signing, now_s), 2);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_ES256);
	assert_int_equal(published(signing, now_s + 3600), 2);
	assert_int_equal(signing_key_algorithm(current_key(signing)), SIGNING_EDDSA);
	signing_close(signing);
}

static void
given_key_signs_and_its_private_part_stays_where_it_is(void **state)
{
	struct signing_setup given = { .state_dir = scratch.dir, .algorithm = SIGNING_ES256 };
	char path[SCRATCH_ROOM * 2], first[64];
	struct signing *signing = NULL;
	char *kid = NULL;

	(void)state;
	scratch_path(&scratch, "given.pem", path);
	given.key_file = path;
	write_pkey("given.pem", EVP_EC_gen("P-256"), NULL);
	assert_true(signing_open(&given, &signing, &err));
	(void)snprintf(first, sizeof(first), "%s", signing_kid(signing));
	assert_int_equal(count_keys(), 0);
	assert_false(signing_rotate_at_once(signing, clock_now_s(), &kid, &err));
	assert_false(signing_retire(signing, first, clock_now_s(), &err));
	write_pkey("given.pem", EVP_EC_gen("P-256"), NULL);
	signing_keep(signing, 3600);
	assert_int_equal(published(signing, clock_now_s()), 2);
	assert_string_not_equal(signing_kid(signing), first);
	assert_int_equal(published(signing, clock_now_s() + 3601), 1);
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
		TEST(rubbish_is_reported),
		TEST(other_kinds_of_key_are_reported),
		TEST(name_must_be_the_thumbprint),
		TEST(other_files_are_left_alone),
		TEST(unwritable_state_is_reported),
		TEST(public_set_is_public_and_verifies),
		TEST(key_is_published_before_it_signs_and_kept_after),
		TEST(key_made_while_the_clock_was_ahead_does_not_wait_until_then),
		TEST(key_that_signs_since_a_time_to_come_counts_as_made_now),
		TEST(nothing_is_made_or_dropped_while_the_clock_is_in_doubt),
		TEST(retired_key_is_gone_at_once_and_another_signs),
		TEST(rotation_elsewhere_is_seen),
		TEST(other_algorithm_is_a_rotation),
		TEST(given_key_signs_and_its_private_part_stays_where_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
