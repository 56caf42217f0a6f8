/* SPDX-License-Identifier: Apache-2.0 */
#include "jwks/source_files.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/file.h"
#include "jwks/bearer.h"

#define PEM_MAX (4u << 20) /* bundles of authorities are large */

/* Why is it not a key set? A PEM file is the usual mistake. */
static bool
explain_keys(struct span text, const char *path, struct err *reterr)
{
	if (span_trim(text).len == 0)
		return err_set(reterr, "%s: is empty", path);
	if (span_find(text, '{') == text.len && memmem(text.at, text.len, "-----BEGIN", 10) != NULL)
		return err_set(reterr,
		    "%s: is PEM; it must be a JWK Set (RFC 7517): {\"keys\": [{\"kty\": ...}]}",
		    path);
	return err_within(reterr, "%s", path);
}

bool
source_files_keys(
    const char *path, struct buffer *json, struct keyset **ret_keys, struct err *reterr)
{
	*ret_keys = NULL;
	if (!file_read(path, json, reterr))
		return false;
	return keyset_parse(buffer_span(json), ret_keys, reterr) ||
	       explain_keys(buffer_span(json), path, reterr);
}

/* --- PEM --- */

static bool
read_pem(const char *path, struct buffer *pem, BIO **ret_bio, struct err *reterr)
{
	if (!file_read(path, pem, reterr))
		return false;
	*ret_bio = BIO_new_mem_buf(pem->at == NULL ? "" : pem->at, (int)pem->len);
	return *ret_bio != NULL || err_set(reterr, "%s: out of memory", path);
}

/* Without this callback, OpenSSL would prompt for a pass phrase on the terminal. */
static int
no_phrase(char *into, int room, int writing, void *context)
{
	(void)into;
	(void)room;
	(void)writing;
	(void)context;
	return -1;
}

static bool
check_certificate(const char *path, struct err *reterr)
{
	X509 *certificate = NULL;
	struct buffer pem;
	BIO *bio = NULL;
	bool good;

	buffer_init(&pem, PEM_MAX);
	good = read_pem(path, &pem, &bio, reterr);
	if (good) {
		certificate = PEM_read_bio_X509_AUX(bio, NULL, no_phrase, NULL);
		good = certificate != NULL || err_set(reterr, "%s: no certificate in PEM", path);
	}
	X509_free(certificate);
	BIO_free(bio);
	ERR_clear_error();
	buffer_done(&pem);
	return good;
}

static bool
check_key(const char *path, struct err *reterr)
{
	EVP_PKEY *key = NULL;
	struct buffer pem;
	BIO *bio = NULL;
	bool good;

	buffer_init(&pem, PEM_MAX);
	good = read_pem(path, &pem, &bio, reterr);
	if (good) {
		key = PEM_read_bio_PrivateKey(bio, NULL, no_phrase, NULL);
		good = key != NULL ||
		       err_set(reterr, "%s: no private key in PEM without a pass phrase", path);
	}
	EVP_PKEY_free(key);
	BIO_free(bio);
	ERR_clear_error();
	buffer_wipe(&pem);
	return good;
}

static bool
check_keys(const char *path, struct err *reterr)
{
	struct keyset *keys = NULL;
	struct buffer json;
	bool good;

	buffer_init(&json, KEYSET_MAX_BYTES);
	good = source_files_keys(path, &json, &keys, reterr);
	keyset_free(keys);
	buffer_done(&json);
	return good;
}

static bool
check_bearer(const char *path, struct err *reterr)
{
	struct buffer token;
	bool good;

	buffer_init(&token, BEARER_MAX);
	good = bearer_read(path, &token, reterr);
	buffer_wipe(&token);
	return good;
}

/* One file: the key that names it, and its expected content. */
struct named {
	const struct node *node;
	const char *path; /* NULL: not given */
	const char *what;
	bool (*check)(const char *path, struct err *reterr);
};

static void
check_named(const struct named *named, struct mistakes *mistakes)
{
	struct err err = { "" };

	if (named->path == NULL || named->node == NULL)
		return;
	if (mistakes->offline) {
		mistake_left_out_at(mistakes, named->node, "%s %s", named->what, named->path);
		return;
	}
	inputs_look(&mistakes->inputs, mistakes->arena, named->path);
	if (!named->check(named->path, &err))
		mistake_at_key(mistakes, named->node, "%s", err.text);
}

void
source_files_check(
    const struct source *source, const struct node *issuer_map, struct mistakes *mistakes)
{
	const struct node *jwks = document_get(issuer_map, "jwks");
	const struct named all[] = {
		{ document_get(issuer_map, "jwks_file"),
		    source->kind == SOURCE_FILE ? source->place : NULL, "the key set", check_keys },
		{ document_get(jwks, "ca_file"), source->ca_file, "the certificates",
		    check_certificate },
		{ document_get(jwks, "client_certificate"), source->client_certificate,
		    "the certificate", check_certificate },
		{ document_get(jwks, "client_key"), source->client_key, "the private key",
		    check_key },
		{ document_get(jwks, "bearer"), source->bearer, "the bearer token", check_bearer },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		check_named(&all[i], mistakes);
}
