/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/io/tls.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/clock.h"
#include "base/digest.h"
#include "proxy/io/fiber.h"
#include "proxy/io/tls_tickets.h"
#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

#define SUBJECT_MAX (64u << 10)

/* Bytes that are read without application data among them: of a handshake, whose two largest
 * messages OpenSSL bounds, and after it. A record is of 16 KB. */
#define HANDSHAKE_MAX (256u << 10)
#define BARREN_MAX (32u << 10)

struct tls {
	SSL *ssl;
	int socket;
	bool begun;          /* the peer has sent something */
	bool plain;          /* which was no TLS */
	bool starved;        /* the last read found no whole record */
	bool ended;          /* close_notify was sent, or the session is broken */
	bool flooded;        /* by messages of TLS */
	size_t allowed;      /* bytes to be read until there must be application data */
	unsigned long error; /* OpenSSL's, of what broke it */
};

/* ---- the socket, as OpenSSL sees it ---- */

/* What was read counts. OpenSSL reads on until there is application data: without an end to it, key
 * updates or ClientHellos that follow each other fast enough would keep the thread. */
static bool
spend(struct tls *tls, size_t bytes)
{
	tls->flooded = bytes > tls->allowed;
	tls->allowed -= tls->flooded ? 0 : bytes;
	return !tls->flooded;
}

/* By stream_read_now(), so that what is known about the socket stays known. */
static int
bio_read(BIO *bio, char *into, int room)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t got = stream_read_now(tls->socket, into, (size_t)room);

	BIO_clear_retry_flags(bio);
	if (got == STREAM_LATE)
		BIO_set_retry_read(bio);
	if (got <= 0)
		return got == STREAM_END ? 0 : -1;
	if (!spend(tls, (size_t)got))
		return -1;
	if (!tls->begun) {
		char first = into[0];

		tls->begun = true;
		tls->plain = (first >= 'A' && first <= 'Z') || (first >= 'a' && first <= 'z');
	}
	return tls->plain ? -1 : (int)got;
}

static int
bio_write(BIO *bio, const char *from, int bytes)
{
	struct tls *tls = BIO_get_data(bio);
	ssize_t put;

	BIO_clear_retry_flags(bio);
	do {
		put = send(tls->socket, from, (size_t)bytes, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (put < 0 && errno == EINTR);
	if (put >= 0)
		return (int)put;
	if (errno == EAGAIN) {
		if (watch_has(tls->socket))
			watch_drained(tls->socket, WATCH_OUT);
		BIO_set_retry_write(bio);
	}
	return -1;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}

static BIO_METHOD *method;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void
make_method(void)
{
	method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "stream");
	if (method == NULL || BIO_meth_set_read(method, bio_read) != 1 ||
	    BIO_meth_set_write(method, bio_write) != 1 ||
	    BIO_meth_set_ctrl(method, bio_ctrl) != 1) {
		BIO_meth_free(method);
		method = NULL;
	}
}

static bool
set_up(struct tls *tls, SSL_CTX *context)
{
	BIO *bio;

	(void)pthread_once(&once, make_method);
	tls->ssl = SSL_new(context);
	bio = method == NULL ? NULL : BIO_new(method);
	if (tls->ssl == NULL || bio == NULL) {
		BIO_free(bio);
		return false;
	}
	BIO_set_data(bio, tls);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	return true;
}

/* Whole records are read by one call where they have arrived as a whole, and an idle session holds
 * no buffer. */
struct tls *
tls_new(SSL_CTX *context, int socket, enum tls_side side)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	if (tls == NULL)
		return NULL;
	tls->socket = socket;
	tls->allowed = HANDSHAKE_MAX;
	if (!set_up(tls, context)) {
		SSL_free(tls->ssl);
		free(tls);
		ERR_clear_error();
		return NULL;
	}
	SSL_set_read_ahead(tls->ssl, 1);
	(void)SSL_set_mode(tls->ssl, SSL_MODE_ENABLE_PARTIAL_WRITE |
					 SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER |
					 SSL_MODE_RELEASE_BUFFERS);
	if (side == TLS_SERVER)
		SSL_set_accept_state(tls->ssl);
	else
		SSL_set_connect_state(tls->ssl);
	return tls;
}

SSL *
tls_ssl(struct tls *tls)
{
	return tls->ssl;
}

/* ---- calls of OpenSSL, and what they want ---- */

/* What a call that did not go through means, as in stream.h; with STREAM_LATE what to wait for. The
 * thread's queue of errors, which all sessions share, is left empty. */
static ssize_t
outcome(struct tls *tls, int result, short *ret_events)
{
	int error = SSL_get_error(tls->ssl, result);

	tls->starved = error == SSL_ERROR_WANT_READ;
	*ret_events = error == SSL_ERROR_WANT_WRITE ? POLLOUT : POLLIN;
	if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
		return STREAM_LATE;
	if (error == SSL_ERROR_ZERO_RETURN)
		return STREAM_END;
	tls->ended = true;
	tls->error = ERR_peek_error();
	ERR_clear_error();
	return STREAM_BROKEN;
}

static ssize_t
shake(struct tls *tls, short *ret_events)
{
	int result;

	ERR_clear_error();
	result = SSL_do_handshake(tls->ssl);
	if (result != 1)
		return outcome(tls, result, ret_events);
	tls->allowed = BARREN_MAX;
	return 1;
}

ssize_t
tls_handshake_now(struct tls *tls)
{
	short events;

	return shake(tls, &events);
}

ssize_t
tls_handshake(struct tls *tls, int64_t deadline_us)
{
	for (;;) {
		short events;
		ssize_t done = shake(tls, &events);
		int ready;

		if (done != STREAM_LATE)
			return done;
		ready = wait_stream(tls->socket, events, deadline_us);
		if (ready <= 0)
			return ready == 0 ? STREAM_LATE : STREAM_BROKEN;
	}
}

const char *
tls_failure(const struct tls *tls)
{
	long verified = SSL_get_verify_result(tls->ssl);
	const char *reason = ERR_reason_error_string(tls->error);

	if (tls->plain)
		return "the peer does not speak TLS";
	if (tls->flooded)
		return "the peer sends nothing but messages of TLS";
	if (verified != X509_V_OK)
		return X509_verify_cert_error_string(verified);
	return reason == NULL ? "the peer has closed the connection" : reason;
}

bool
tls_is_plain(const struct tls *tls)
{
	return tls->plain;
}

static ssize_t
read_once(struct tls *tls, char *into, size_t room, short *ret_events)
{
	size_t got = 0;
	int result;

	ERR_clear_error();
	tls->starved = false;
	result = SSL_read_ex(tls->ssl, into, room, &got);
	if (result != 1)
		return outcome(tls, result, ret_events);
	tls->allowed = BARREN_MAX;
	return (ssize_t)got;
}

ssize_t
tls_read_now(struct tls *tls, char *into, size_t room)
{
	short events;

	return read_once(tls, into, room, &events);
}

ssize_t
tls_read(struct tls *tls, char *into, size_t room, int64_t deadline_us)
{
	for (;;) {
		short events;
		ssize_t got = read_once(tls, into, room, &events);
		int ready;

		if (got > 0 && fiber_current() != NULL && !watch_spend((size_t)got))
			return STREAM_BROKEN;
		if (got != STREAM_LATE)
			return got;
		ready = wait_stream(tls->socket, events, deadline_us);
		if (ready <= 0)
			return ready == 0 ? STREAM_LATE : STREAM_BROKEN;
	}
}

/* Of what there is to read, writing says nothing. */
static ssize_t
write_once(struct tls *tls, struct span bytes, short *ret_events)
{
	bool starved = tls->starved;
	size_t put = 0;
	ssize_t done;
	int result;

	ERR_clear_error();
	result = SSL_write_ex(tls->ssl, bytes.at, bytes.len, &put);
	done = result == 1 ? (ssize_t)put : outcome(tls, result, ret_events);
	tls->starved = starved;
	return done;
}

/* A record that was begun is written to its end or never: nothing may follow half of one. */
bool
tls_write(struct tls *tls, struct span bytes, int64_t timeout_us)
{
	if (!stream_turn(bytes.len))
		return false;
	while (bytes.len > 0) {
		short events;
		ssize_t put = write_once(tls, bytes, &events);

		if (put > 0) {
			bytes = span_slice(bytes, (size_t)put, bytes.len);
		} else if (put != STREAM_LATE ||
			   wait_stream(tls->socket, events, clock_mono_us() + timeout_us) <= 0) {
			tls->ended = true;
			return false;
		}
	}
	return true;
}

ssize_t
tls_write_now(struct tls *tls, struct span bytes)
{
	short events;

	return stream_turn(bytes.len) ? write_once(tls, bytes, &events) : STREAM_BROKEN;
}

bool
tls_pending(const struct tls *tls)
{
	return SSL_pending(tls->ssl) > 0 || (!tls->starved && SSL_has_pending(tls->ssl) == 1);
}

void
tls_end(struct tls *tls, int64_t timeout_us)
{
	bool again = SSL_is_init_finished(tls->ssl) == 1;

	while (again && !tls->ended) {
		short events;
		int result;

		ERR_clear_error();
		result = SSL_shutdown(tls->ssl);
		again = result < 0 && outcome(tls, result, &events) == STREAM_LATE &&
			events == POLLOUT && timeout_us > 0 &&
			wait_stream(tls->socket, events, clock_mono_us() + timeout_us) > 0;
	}
	tls->ended = true;
}

void
tls_abort(struct tls *tls)
{
	if (tls != NULL)
		tls->ended = true;
}

void
tls_close(struct tls *tls)
{
	if (tls == NULL)
		return;
	tls_end(tls, 0);
	SSL_free(tls->ssl);
	free(tls);
	ERR_clear_error();
}

/* ---- the peer ---- */

/* OpenSSL's names of these attributes are, but for case, those of others: `uid` is no UID (RFC 4514
 * section 3), and who has the one shall not be who has the other. */
static bool
is_ambiguous(const X509_NAME *name)
{
	return X509_NAME_get_index_by_NID(name, NID_uniqueIdentifier, -1) >= 0 ||
	       X509_NAME_get_index_by_NID(name, NID_Mail, -1) >= 0;
}

static bool
print_subject(const X509 *certificate, struct buffer *subject)
{
	const X509_NAME *name = X509_get_subject_name(certificate);
	BIO *out = BIO_new(BIO_s_mem());
	char *text = NULL;
	long len;
	bool done = out != NULL && X509_NAME_print_ex(out, name, 0, XN_FLAG_RFC2253) >= 0;

	len = done && !is_ambiguous(name) ? BIO_get_mem_data(out, &text) : 0;
	if (len > 0)
		buffer_add(subject, (struct span){ text, (size_t)len });
	BIO_free(out);
	return done && !subject->failed;
}

static bool
digest_certificate(X509 *certificate, unsigned char sha256[32])
{
	unsigned char *der = NULL;
	int len = i2d_X509(certificate, &der);
	bool done = len > 0 && digest_sha256((struct span){ (char *)der, (size_t)len }, sha256);

	OPENSSL_free(der);
	return done;
}

bool
tls_has_peer(const struct tls *tls)
{
	return SSL_get0_peer_certificate(tls->ssl) != NULL;
}

bool
tls_peer_certificate(const struct tls *tls, struct tls_peer *ret_peer)
{
	X509 *certificate = SSL_get0_peer_certificate(tls->ssl);
	struct tls_peer peer;
	bool done;

	if (certificate == NULL || SSL_get_verify_result(tls->ssl) != X509_V_OK)
		return false;
	buffer_init(&peer.subject, SUBJECT_MAX);
	peer.until_s = tls_tickets_client_ends(tls->ssl);
	done = print_subject(certificate, &peer.subject) &&
	       digest_certificate(certificate, peer.sha256);
	ERR_clear_error();
	if (done)
		*ret_peer = peer;
	else
		buffer_done(&peer.subject);
	return done;
}
