/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/tls_identity.h"

#include <stdlib.h>
#include <time.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

struct tls_identity {
	X509 *certificate;
	STACK_OF(X509) * chain;
	EVP_PKEY *key;
};

/* OpenSSL's words for why, and an empty queue of errors. */
static bool
fail(struct err *reterr, const char *what)
{
	const char *reason = ERR_reason_error_string(ERR_peek_last_error());

	ERR_clear_error();
	return reason == NULL ? err_set(reterr, "%s", what)
			      : err_set(reterr, "%s: %s", what, reason);
}

static BIO *
open_bytes(struct span bytes)
{
	return bytes.len > TLS_IDENTITY_MAX_BYTES ? NULL
						  : BIO_new_mem_buf(bytes.at, (int)bytes.len);
}

/* Nobody is asked for a passphrase; whether one was wanted is noted. */
static int
no_passphrase(char *room, int room_bytes, int writing, void *context)
{
	bool *wanted = context;

	(void)room;
	(void)room_bytes;
	(void)writing;
	*wanted = true;
	return -1;
}

/* Only the end of the text ends the list. */
static bool
read_chain(struct tls_identity *identity, BIO *in)
{
	for (;;) {
		bool wanted = false;
		X509 *next = PEM_read_bio_X509(in, NULL, no_passphrase, &wanted);

		if (next == NULL)
			break;
		if (sk_X509_push(identity->chain, next) <= 0) {
			X509_free(next);
			return false;
		}
	}
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return false;
	ERR_clear_error();
	return true;
}

bool
tls_identity_new(struct span pem, struct tls_identity **ret_identity, struct err *reterr)
{
	struct tls_identity *identity = calloc(1, sizeof(*identity));
	BIO *in = open_bytes(pem);
	bool wanted = false, done = false;

	ERR_clear_error();
	if (identity == NULL || in == NULL || (identity->chain = sk_X509_new_null()) == NULL) {
		(void)fail(reterr, "out of memory");
		goto out;
	}
	identity->certificate = PEM_read_bio_X509_AUX(in, NULL, no_passphrase, &wanted);
	if (identity->certificate == NULL) {
		ERR_clear_error();
		(void)err_set(reterr, "there is no certificate in it (PEM)");
		goto out;
	}
	if (!read_chain(identity, in)) {
		(void)fail(reterr, "a further certificate cannot be read");
		goto out;
	}
	*ret_identity = identity;
	identity = NULL;
	done = true;
out:
	BIO_free(in);
	tls_identity_free(identity);
	return done;
}

void
tls_identity_free(struct tls_identity *identity)
{
	if (identity == NULL)
		return;
	X509_free(identity->certificate);
	sk_X509_pop_free(identity->chain, X509_free);
	EVP_PKEY_free(identity->key);
	free(identity);
}

bool
tls_identity_key(struct tls_identity *identity, struct span pem, struct err *reterr)
{
	BIO *in = open_bytes(pem);
	bool wanted = false;
	EVP_PKEY *key;

	ERR_clear_error();
	if (in == NULL)
		return fail(reterr, "out of memory");
	key = PEM_read_bio_PrivateKey(in, NULL, no_passphrase, &wanted);
	BIO_free(in);
	ERR_clear_error();
	if (key == NULL)
		return err_set(reterr, wanted ? "the key has a passphrase: store it without one"
					      : "there is no private key in it (PEM)");
	if (X509_check_private_key(identity->certificate, key) != 1) {
		EVP_PKEY_free(key);
		ERR_clear_error();
		return err_set(reterr, "the key does not fit the certificate");
	}
	EVP_PKEY_free(identity->key);
	identity->key = key;
	return true;
}

static int64_t
seconds_of(const ASN1_TIME *time)
{
	struct tm parts;

	return ASN1_TIME_to_tm(time, &parts) == 1 ? (int64_t)timegm(&parts) : 0;
}

int64_t
tls_identity_ends(const struct x509_st *certificate)
{
	return seconds_of(X509_get0_notAfter(certificate));
}

void
tls_identity_valid(const struct tls_identity *identity, int64_t *ret_from_s, int64_t *ret_until_s)
{
	*ret_from_s = seconds_of(X509_get0_notBefore(identity->certificate));
	*ret_until_s = tls_identity_ends(identity->certificate);
}

bool
tls_identity_serves(const struct tls_identity *identity, struct span host)
{
	bool serves;

	if (host.len == 0) /* which OpenSSL would measure by itself */
		return false;
	serves = X509_check_host(identity->certificate, host.at, host.len,
		     X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT,
		     NULL) == 1;
	ERR_clear_error();
	return serves;
}

bool
tls_identity_use(const struct tls_identity *identity, SSL_CTX *context, struct err *reterr)
{
	ERR_clear_error();
	if (identity->key == NULL)
		return err_set(reterr, "the certificate has no key");
	return SSL_CTX_use_cert_and_key(
		   context, identity->certificate, identity->key, identity->chain, 1) == 1 ||
	       fail(reterr, "the certificate cannot be used");
}
