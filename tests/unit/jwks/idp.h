/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idp - an identity provider on a loopback port that answers as a test says. Include it after
 * <cmocka.h>.
 */
#ifndef POSTERN_TESTS_IDP_H
#define POSTERN_TESTS_IDP_H

#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buffer.h"

#define IDP_KEY(kid, x) "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"kid\":\"" kid "\",\"x\":\"" x "\"}"
#define IDP_FIRST IDP_KEY("first", "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")
#define IDP_SECOND IDP_KEY("second", "PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw")
#define IDP_SET(keys) "{\"keys\":[" keys "]}"
#define IDP_JSON "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define IDP_OK(json) IDP_JSON "\r\n" json

/* What follows the bytes of an answer. */
enum idp_then {
	IDP_CLOSE,
	IDP_SILENCE, /* the connection stays, until the client goes */
	IDP_ENDLESS  /* more and more of it */
};

struct idp_answer {
	char *bytes; /* owned */
	size_t len;
	enum idp_then then;
};

struct idp {
	int listener, port;
	pthread_t thread;
	pthread_mutex_t lock; /* guards the answers */
	struct idp_answer keys, discovery;
	char asked[2048]; /* the last request's head */
	atomic_bool stop;
	atomic_int hits; /* requests for keys */
};

static inline void
idp_pause(void)
{
	(void)nanosleep(&(struct timespec){ .tv_nsec = 5000000 }, NULL);
}

static inline void
idp_set(struct idp *idp, struct idp_answer *answer, struct span bytes, enum idp_then then)
{
	char *copy = malloc(bytes.len + 1);

	assert_non_null(copy);
	memcpy(copy, bytes.at, bytes.len);
	(void)pthread_mutex_lock(&idp->lock);
	free(answer->bytes);
	*answer = (struct idp_answer){ copy, bytes.len, then };
	(void)pthread_mutex_unlock(&idp->lock);
}

/* From now on, keys are asked for in vain or not. */
static inline void
idp_says(struct idp *idp, const char *answer, enum idp_then then)
{
	idp_set(idp, &idp->keys, span_of(answer), then);
}

/* Until the client has gone. */
static inline void
idp_wait(struct idp *idp, int peer)
{
	struct pollfd gone = { .fd = peer, .events = POLLIN };
	char byte;

	while (!atomic_load(&idp->stop))
		if (poll(&gone, 1, 10) > 0 && recv(peer, &byte, 1, 0) <= 0)
			return;
}

static inline void
idp_go_on(struct idp *idp, int peer)
{
	static const char more[4096] = { ' ' };

	while (!atomic_load(&idp->stop) && send(peer, more, sizeof(more), MSG_NOSIGNAL) > 0)
		continue;
}

static inline void
idp_send(int peer, const char *bytes, size_t len)
{
	while (bytes != NULL && len > 0) {
		ssize_t sent = send(peer, bytes, len, MSG_NOSIGNAL);

		if (sent <= 0)
			return;
		bytes += sent;
		len -= (size_t)sent;
	}
}

static inline void
idp_serve(struct idp *idp, int peer)
{
	struct idp_answer answer;
	char head[sizeof(idp->asked)], *copy;
	size_t len = 0;
	bool discovery;

	memset(head, 0, sizeof(head));
	while (len + 1 < sizeof(head) && strstr(head, "\r\n\r\n") == NULL) {
		ssize_t got = recv(peer, head + len, sizeof(head) - 1 - len, 0);

		if (got <= 0)
			return;
		len += (size_t)got;
	}
	discovery = strstr(head, "/.well-known/") != NULL;
	(void)pthread_mutex_lock(&idp->lock);
	memcpy(idp->asked, head, sizeof(head));
	answer = discovery ? idp->discovery : idp->keys;
	copy = malloc(answer.len + 1);
	if (copy != NULL)
		memcpy(copy, answer.bytes, answer.len);
	(void)pthread_mutex_unlock(&idp->lock);
	if (!discovery)
		atomic_fetch_add(&idp->hits, 1);
	idp_send(peer, copy, answer.len);
	free(copy);
	if (answer.then == IDP_SILENCE)
		idp_wait(idp, peer);
	else if (answer.then == IDP_ENDLESS)
		idp_go_on(idp, peer);
}

static inline void *
idp_run(void *context)
{
	struct idp *idp = context;
	struct pollfd ready = { .fd = idp->listener, .events = POLLIN };

	while (!atomic_load(&idp->stop)) {
		int peer;

		if (poll(&ready, 1, 10) <= 0)
			continue;
		peer = accept(idp->listener, NULL, NULL);
		if (peer < 0)
			continue;
		idp_serve(idp, peer);
		(void)shutdown(peer, SHUT_WR);
		(void)close(peer);
	}
	return NULL;
}

/* On a free port, answering "HTTP 500" to everything so far. */
static inline void
idp_start(struct idp *idp)
{
	struct sockaddr_in at = { .sin_family = AF_INET };
	socklen_t len = sizeof(at);

	memset(idp, 0, sizeof(*idp));
	(void)pthread_mutex_init(&idp->lock, NULL);
	at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	idp->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(idp->listener >= 0);
	assert_int_equal(bind(idp->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(idp->listener, 64), 0);
	assert_int_equal(getsockname(idp->listener, (struct sockaddr *)&at, &len), 0);
	idp->port = ntohs(at.sin_port);
	idp_set(idp, &idp->keys, SPAN("HTTP/1.1 500 No\r\n\r\n"), IDP_CLOSE);
	idp_set(idp, &idp->discovery, SPAN("HTTP/1.1 500 No\r\n\r\n"), IDP_CLOSE);
	assert_int_equal(pthread_create(&idp->thread, NULL, idp_run, idp), 0);
}

static inline void
idp_stop(struct idp *idp)
{
	atomic_store(&idp->stop, true);
	(void)pthread_join(idp->thread, NULL);
	(void)close(idp->listener);
	free(idp->keys.bytes);
	free(idp->discovery.bytes);
	(void)pthread_mutex_destroy(&idp->lock);
}

#endif
