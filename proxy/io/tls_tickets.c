/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/tls_tickets.h"

#include <pthread.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/digest.h"
#include "proxy/io/tls_identity.h"

static struct {
	pthread_mutex_t lock;
	struct tls_tickets_keys keys;
} process = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool
is_younger(const struct tls_tickets_key *key, int64_t mono_s, int64_t age_s)
{
	return key->since_s != 0 && mono_s - key->since_s < age_s;
}

static bool
make(struct tls_tickets_key *key, int64_t mono_s)
{
	key->since_s = mono_s;
	return digest_random(key->name, sizeof(key->name)) &&
	       digest_random(key->cipher, sizeof(key->cipher)) &&
	       digest_random(key->mac, sizeof(key->mac));
}

/* A key protects tickets for one period, and opens them for another one. */
static bool
rotate(struct tls_tickets_keys *keys, int64_t mono_s)
{
	struct tls_tickets_key next;

	if (!is_younger(&keys->former, mono_s, INT64_C(2) * TLS_TICKETS_KEY_S))
		digest_wipe(&keys->former, sizeof(keys->former));
	if (is_younger(&keys->now, mono_s, TLS_TICKETS_KEY_S))
		return true;
	if (!make(&next, mono_s))
		return false;
	if (is_younger(&keys->now, mono_s, INT64_C(2) * TLS_TICKETS_KEY_S))
		keys->former = keys->now;
	keys->now = next;
	digest_wipe(&next, sizeof(next));
	return true;
}

static bool
is_named(const struct tls_tickets_key *key, const unsigned char *name)
{
	return key->since_s != 0 && memcmp(key->name, name, sizeof(key->name)) == 0;
}

bool
tls_tickets_find(struct tls_tickets_keys *keys, const unsigned char *name, int64_t mono_s,
    struct tls_tickets_key *ret_key)
{
	if (!rotate(keys, mono_s))
		return false;
	if (name == NULL || is_named(&keys->now, name))
		*ret_key = keys->now;
	else if (is_named(&keys->former, name))
		*ret_key = keys->former;
	else
		return false;
	return true;
}

static bool
find(const unsigned char *name, struct tls_tickets_key *ret_key)
{
	bool found;

	(void)pthread_mutex_lock(&process.lock);
	found = tls_tickets_find(&process.keys, name, clock_mono_s(), ret_key);
	(void)pthread_mutex_unlock(&process.lock);
	return found;
}

/* What OpenSSL gives to be set up with a key. */
struct ticket_ciphers {
	EVP_CIPHER_CTX *cipher;
	EVP_MAC_CTX *mac;
	const unsigned char *iv;
	int encrypt;
};

static bool
set_up(const struct ticket_ciphers *ciphers, struct tls_tickets_key *key)
{
	char digest[] = "SHA256";
	OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac, sizeof(key->mac)),
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	return EVP_CipherInit_ex(ciphers->cipher, EVP_aes_256_cbc(), NULL, key->cipher, ciphers->iv,
		   ciphers->encrypt) == 1 &&
	       EVP_MAC_CTX_set_params(ciphers->mac, parameters) == 1;
}

/* OpenSSL asks for the key of a ticket. 1: here it is, 2: and the ticket should be renewed, 0:
 * there is none, so it is a full handshake; -1: failure. */
/* NOLINTBEGIN(readability-function-size): OpenSSL calls it so */
static int
on_key(SSL *ssl, unsigned char *name, unsigned char *iv, EVP_CIPHER_CTX *cipher, EVP_MAC_CTX *mac,
    int encrypt)
{
	struct ticket_ciphers ciphers = { cipher, mac, iv, encrypt };
	struct tls_tickets_key key = { 0 };
	int answer = 0;

	(void)ssl;
	if (encrypt == 1 && !digest_random(iv, (size_t)EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())))
		return -1;
	if (find(encrypt == 1 ? NULL : name, &key)) {
		answer = set_up(&ciphers, &key) ? 1 : -1;
		if (encrypt == 1)
			memcpy(name, key.name, sizeof(key.name));
	}
	digest_wipe(&key, sizeof(key));
	return answer;
}
/* NOLINTEND(readability-function-size) */

/* ---- how long a client's certificate counts ---- */

/* The first end among the certificates that were verified: an authority between, and that of
 * `client_ca`, may end before the client's own. */
static int64_t
chain_ends(const SSL *ssl)
{
	STACK_OF(X509) *chain = SSL_get0_verified_chain(ssl);
	int64_t ends_s = INT64_MAX;

	for (int i = 0; i < sk_X509_num(chain); i++) {
		int64_t end_s = tls_identity_ends(sk_X509_value(chain, i));

		if (end_s < ends_s)
			ends_s = end_s;
	}
	return ends_s;
}

/* What on_new_ticket() noted; 0: nothing. */
static int64_t
noted_end(SSL_SESSION *session)
{
	int64_t ends_s = 0;
	void *noted = NULL;
	size_t bytes = 0;

	if (SSL_SESSION_get0_ticket_appdata(session, &noted, &bytes) == 1 &&
	    bytes == sizeof(ends_s))
		memcpy(&ends_s, noted, sizeof(ends_s));
	return ends_s;
}

int64_t
tls_tickets_client_ends(const SSL *ssl)
{
	return SSL_session_reused(ssl) == 1 ? noted_end(SSL_get_session(ssl)) : chain_ends(ssl);
}

/* The chain is not in the ticket, so its end is. A session that was resumed has it already. */
static int
on_new_ticket(SSL *ssl, void *context)
{
	int64_t ends_s = chain_ends(ssl);

	(void)context;
	return SSL_session_reused(ssl) == 1 ||
	       SSL_SESSION_set1_ticket_appdata(SSL_get_session(ssl), &ends_s, sizeof(ends_s)) == 1;
}

/* The certificate is that of the first handshake: it may have expired since. A client of TLS 1.3
 * uses a ticket once (RFC 8446 appendix C.4) and needs another one. */
/* NOLINTBEGIN(readability-function-size): OpenSSL calls it so */
static SSL_TICKET_RETURN
on_ticket(SSL *ssl, SSL_SESSION *session, const unsigned char *name, size_t name_bytes,
    SSL_TICKET_STATUS status, void *context)
{
	(void)name;
	(void)name_bytes;
	(void)context;
	if (status != SSL_TICKET_SUCCESS && status != SSL_TICKET_SUCCESS_RENEW)
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	if (noted_end(session) <= clock_now_s())
		return SSL_TICKET_RETURN_IGNORE_RENEW;
	return status == SSL_TICKET_SUCCESS && SSL_version(ssl) < TLS1_3_VERSION
		   ? SSL_TICKET_RETURN_USE
		   : SSL_TICKET_RETURN_USE_RENEW;
}
/* NOLINTEND(readability-function-size) */

/* Nothing is stored here: a session is its ticket. */
bool
tls_tickets_use(SSL_CTX *context)
{
	(void)SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_timeout(context, TLS_TICKETS_KEY_S);
	return SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_key) == 1 &&
	       SSL_CTX_set_session_ticket_cb(context, on_new_ticket, on_ticket, NULL) == 1;
}
