/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/signing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "base/base64url.h"
#include "base/digest.h"
#include "base/file.h"

#define FIELD_BYTES 32
#define FIELD_ROOM (BASE64URL_ENCODED(FIELD_BYTES) + 1)
#define KID_ROOM (BASE64URL_ENCODED(DIGEST_BYTES) + 1)
#define PEM_MOST 16384
#define SUFFIX ".pem"

struct signing_key {
	EVP_PKEY *pkey;
	char x[FIELD_ROOM], y[FIELD_ROOM];
	char kid[KID_ROOM];
	struct timespec made; /* of its file */
};

struct signing {
	char *directory;
	struct signing_key keys[SIGNING_MAX_KEYS];
	size_t count;
	size_t current; /* the newest */
};

static bool
openssl_failed(struct err *reterr, const char *what)
{
	char text[128];

	ERR_error_string_n(ERR_peek_last_error(), text, sizeof(text));
	ERR_clear_error();
	return err_set(reterr, "%s: %s", what, text);
}

/* --- one key --- */

static bool
field_text(const EVP_PKEY *pkey, const char *name, char out[FIELD_ROOM])
{
	unsigned char bytes[FIELD_BYTES];
	BIGNUM *number = NULL;
	bool done = false;

	if (EVP_PKEY_get_bn_param(pkey, name, &number) == 1 &&
	    BN_bn2binpad(number, bytes, FIELD_BYTES) == FIELD_BYTES) {
		out[base64url_encode((struct span){ (const char *)bytes, FIELD_BYTES }, out)] = 0;
		done = true;
	}
	BN_free(number);
	return done;
}

/* RFC 7638 section 3: the required members in order, no white space. */
static bool
thumbprint(struct signing_key *key)
{
	unsigned char sum[DIGEST_BYTES];
	struct buffer json;
	bool done;

	buffer_init(&json, 256);
	buffer_format(
	    &json, "{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"%s\",\"y\":\"%s\"}", key->x, key->y);
	done = !json.failed && digest_sha256(buffer_span(&json), sum);
	if (done)
		key->kid[base64url_encode(
		    (struct span){ (const char *)sum, sizeof(sum) }, key->kid)] = 0;
	buffer_done(&json);
	return done;
}

/* Fill in what is public, from key->pkey. */
static bool
describe(struct signing_key *key, struct err *reterr)
{
	char group[32] = "";
	size_t len;

	if (EVP_PKEY_get_base_id(key->pkey) != EVP_PKEY_EC ||
	    EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), &len) != 1 ||
	    strcmp(group, "prime256v1") != 0)
		return err_set(reterr, "not a key on P-256");
	if (!field_text(key->pkey, OSSL_PKEY_PARAM_EC_PUB_X, key->x) ||
	    !field_text(key->pkey, OSSL_PKEY_PARAM_EC_PUB_Y, key->y) || !thumbprint(key))
		return openssl_failed(reterr, "its public key cannot be read");
	return true;
}

static bool
write_key(const struct signing *signing, const struct signing_key *key, struct err *reterr)
{
	BIO *bio = BIO_new(BIO_s_mem());
	struct buffer path;
	char *pem = NULL;
	long len = 0;
	bool done;

	buffer_init(&path, 8192);
	buffer_format(&path, "%s/%s%s", signing->directory, key->kid, SUFFIX);
	if (bio == NULL || path.failed ||
	    PEM_write_bio_PKCS8PrivateKey(bio, key->pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		done = openssl_failed(reterr, "the new key cannot be written");
		goto out;
	}
	len = BIO_get_mem_data(bio, &pem);
	done = file_write(path.at, (struct span){ pem, (size_t)len }, 0600, reterr);
out:
	if (pem != NULL && len > 0)
		digest_wipe(pem, (size_t)len);
	BIO_free(bio);
	buffer_done(&path);
	return done;
}

static bool
make_key(struct signing *signing, struct err *reterr)
{
	struct signing_key *key = &signing->keys[0];

	key->pkey = EVP_EC_gen("P-256");
	if (key->pkey == NULL)
		return openssl_failed(reterr, "no new key can be made");
	signing->count = 1;
	return describe(key, reterr) && write_key(signing, key, reterr);
}

/* A question for a pass phrase would hang a daemon: an encrypted key is one we cannot read. */
static int
no_pass_phrase(char *buf, int size, int writing, void *context)
{
	(void)buf;
	(void)size;
	(void)writing;
	(void)context;
	return -1;
}

static bool
parse_key(struct span pem, struct signing_key *key, struct err *reterr)
{
	BIO *bio = BIO_new_mem_buf(pem.at, (int)pem.len);

	if (bio != NULL)
		key->pkey = PEM_read_bio_PrivateKey(bio, NULL, no_pass_phrase, NULL);
	BIO_free(bio);
	if (key->pkey == NULL)
		return openssl_failed(reterr, "not a private key in PEM");
	return describe(key, reterr);
}

static bool
load_key(const char *path, struct signing_key *key, struct err *reterr)
{
	struct buffer pem;
	struct stat file;
	bool done;

	buffer_init(&pem, PEM_MOST);
	done = file_read_private(path, &pem, reterr) &&
	       (parse_key(buffer_span(&pem), key, reterr) || err_within(reterr, "%s", path));
	buffer_wipe(&pem);
	if (!done)
		return false;
	if (stat(path, &file) != 0)
		return err_errno(reterr, errno, "%s", path);
	key->made = file.st_mtim;
	return true;
}

/* --- the directory --- */

static bool
load_named(struct signing *signing, const char *name, struct err *reterr)
{
	struct signing_key *key;
	struct buffer path;
	size_t kid_len;
	bool done;

	if (signing->count == SIGNING_MAX_KEYS)
		return err_set(
		    reterr, "%s: more than %d keys", signing->directory, SIGNING_MAX_KEYS);
	key = &signing->keys[signing->count++];
	kid_len = strlen(name) - (sizeof(SUFFIX) - 1);
	buffer_init(&path, 8192);
	buffer_format(&path, "%s/%s", signing->directory, name);
	if (path.failed)
		done = err_set(reterr, "%s/%s: no memory", signing->directory, name);
	else
		done = load_key(path.at, key, reterr);
	buffer_done(&path);
	if (done && !span_equal((struct span){ name, kid_len }, span_of(key->kid)))
		return err_set(reterr, "%s/%s: is the key %s, not the one its name says",
		    signing->directory, name, key->kid);
	return done;
}

static bool
newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static void
choose_current(struct signing *signing)
{
	size_t i;

	for (i = 1; i < signing->count; i++) {
		if (newer(&signing->keys[i].made, &signing->keys[signing->current].made))
			signing->current = i;
	}
}

static bool
load_all(struct signing *signing, struct err *reterr)
{
	DIR *dir = opendir(signing->directory);
	struct dirent *entry;
	bool done = true;

	if (dir == NULL)
		return err_errno(reterr, errno, "%s", signing->directory);
	while (done && (entry = readdir(dir)) != NULL) {
		/* A name that starts with a dot is a temporary file that a crash left. */
		if (entry->d_name[0] != '.' && span_ends(span_of(entry->d_name), SPAN(SUFFIX)))
			done = load_named(signing, entry->d_name, reterr);
	}
	closedir(dir);
	if (done && signing->count == 0)
		return make_key(signing, reterr);
	choose_current(signing);
	return done;
}

static bool
make_directory(const char *path, struct err *reterr)
{
	return mkdir(path, 0700) == 0 || errno == EEXIST || err_errno(reterr, errno, "%s", path);
}

/* Hold the directory while keys are looked for and made. */
static bool
load_locked(struct signing *signing, struct err *reterr)
{
	int fd = open(signing->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return err_errno(reterr, errno, "%s", signing->directory);
	done = flock(fd, LOCK_EX) == 0 || err_errno(reterr, errno, "%s", signing->directory);
	done = done && load_all(signing, reterr);
	close(fd);
	return done;
}

bool
signing_open(const char *state_dir, struct signing **ret_signing, struct err *reterr)
{
	struct signing *signing = calloc(1, sizeof(*signing));

	if (signing == NULL || asprintf(&signing->directory, "%s/signing", state_dir) < 0) {
		free(signing);
		return err_set(reterr, "%s: no memory", state_dir);
	}
	if (!make_directory(state_dir, reterr) || !make_directory(signing->directory, reterr) ||
	    !load_locked(signing, reterr)) {
		signing_close(signing);
		return err_within(reterr, "signing key");
	}
	*ret_signing = signing;
	return true;
}

void
signing_close(struct signing *signing)
{
	size_t i;

	if (signing == NULL)
		return;
	for (i = 0; i < signing->count; i++)
		EVP_PKEY_free(signing->keys[i].pkey);
	free(signing->directory);
	free(signing);
}

/* --- use --- */

const char *
signing_kid(const struct signing *signing)
{
	return signing->keys[signing->current].kid;
}

const char *
signing_alg(const struct signing *signing)
{
	(void)signing;
	return "ES256";
}

void
signing_jwks(const struct signing *signing, struct buffer *json)
{
	const struct signing_key *key;
	size_t i;

	buffer_add_text(json, "{\"keys\":[");
	for (i = 0; i < signing->count; i++) {
		key = &signing->keys[i];
		buffer_format(json,
		    "%s{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\","
		    "\"use\":\"sig\",\"alg\":\"ES256\",\"kid\":\"%s\"}",
		    i == 0 ? "" : ",", key->x, key->y, key->kid);
	}
	buffer_add_text(json, "]}");
}

/* DER to R and S at their full length (RFC 7518 section 3.4). */
static bool
der_to_raw(const unsigned char *der, size_t len, unsigned char raw[SIGNING_BYTES])
{
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &der, (long)len);
	bool done;

	done = sig != NULL &&
	       BN_bn2binpad(ECDSA_SIG_get0_r(sig), raw, FIELD_BYTES) == FIELD_BYTES &&
	       BN_bn2binpad(ECDSA_SIG_get0_s(sig), raw + FIELD_BYTES, FIELD_BYTES) == FIELD_BYTES;
	ECDSA_SIG_free(sig);
	return done;
}

bool
signing_sign(const struct signing *signing, struct span input,
    unsigned char signature[SIGNING_BYTES], struct err *reterr)
{
	EVP_PKEY *pkey = signing->keys[signing->current].pkey;
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char der[80];
	size_t len = sizeof(der);
	bool done;

	done =
	    context != NULL && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey) == 1 &&
	    EVP_DigestSign(context, der, &len, (const unsigned char *)input.at, input.len) == 1 &&
	    der_to_raw(der, len, signature);
	EVP_MD_CTX_free(context);
	return done || openssl_failed(reterr, "signing");
}
