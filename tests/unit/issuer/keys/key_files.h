/* SPDX-License-Identifier: Apache-2.0 */
/* key_files - signing keys in a scratch directory, and key files made by hand. */
#ifndef POSTERN_TESTS_ISSUER_KEYS_KEY_FILES_H
#define POSTERN_TESTS_ISSUER_KEYS_KEY_FILES_H

#include "scratch.h"

#include <dirent.h>
#include <fcntl.h>

#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/err.h"
#include "base/span.h"
#include "issuer/keys/signing.h"

static struct scratch scratch;
static struct err err;

static inline int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	return 0;
}

static inline int
teardown(void **state)
{
	(void)state;
	scratch_done(&scratch);
	return 0;
}

/* The keys now: lent until they change. */
static inline const struct signing_set *
keys_now(struct signing *signing)
{
	struct signing_set *set = signing_now(signing);

	signing_set_free(set);
	return set;
}

static inline const struct signing_key *
current_key(struct signing *signing)
{
	return keys_now(signing)->keys[keys_now(signing)->current];
}

/* A copy, good for some more calls. */
static inline const char *
signing_kid(struct signing *signing)
{
	static char kids[8][64];
	static size_t next;
	char *kid = kids[next++ % 8];

	(void)snprintf(kid, 64, "%s", signing_key_kid(current_key(signing)));
	return kid;
}

static inline bool
open_as(enum signing_algorithm algorithm, struct signing **ret_signing)
{
	struct signing_setup setup = { .state_dir = scratch.dir,
		.algorithm = algorithm,
		.rotate_after_s = 90 * 86400,
		.publish_ahead_s = 3600 };

	return signing_open(&setup, ret_signing, &err);
}

static inline struct signing *
open_signing(void)
{
	struct signing *signing = NULL;

	if (!open_as(SIGNING_ES256, &signing))
		fail_msg("%s", err.text);
	return signing;
}

static inline int
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

static inline void
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
static inline void
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

#endif
