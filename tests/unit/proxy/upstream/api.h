/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api - an API on a unix socket that does what a script says, step by step, on a thread of its own.
 * Nothing in it depends on time: each step waits for what the gate does.
 */
#ifndef POSTERN_TESTS_PROXY_UPSTREAM_API_H
#define POSTERN_TESTS_PROXY_UPSTREAM_API_H

#include "issuer/scratch.h"

#include <pthread.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "base/buffer.h"
#include "proxy/upstream/upstream.h"

/* A step that waits longer than this has failed, so that a broken gate does not hang the test. */
#define API_PATIENCE_S 20

enum api_act {
	API_ACCEPT, /* the next connection */
	API_HEAR,   /* read until `text` comes; NULL: until the gate closes */
	API_SAY,    /* write `text` */
	API_AWAIT,  /* until the client was written to once more */
	API_CLOSE
};

struct api_step {
	enum api_act act;
	const char *text;
};

struct api {
	struct scratch scratch;
	char url[SCRATCH_ROOM * 2 + 8];
	int listener, peer;
	int news[2]; /* a pipe: a byte for each write to the client */
	pthread_t thread;
	const struct api_step *steps;
	size_t count, failed_at; /* the step that failed, from 1; 0: none */
	struct buffer heard;     /* on all connections */
	size_t heard_to;         /* where the last API_HEAR ended */
};

static inline bool
api_hear(struct api *api, const char *text)
{
	char piece[4096];
	ssize_t got;

	for (;;) {
		char *found = text == NULL || api->heard.len == api->heard_to
				  ? NULL
				  : memmem(api->heard.at + api->heard_to,
					api->heard.len - api->heard_to, text, strlen(text));

		if (found != NULL) {
			api->heard_to = (size_t)(found - api->heard.at) + strlen(text);
			return true;
		}
		got = recv(api->peer, piece, sizeof(piece), 0);
		if (got == 0)
			return text == NULL;
		if (got < 0)
			return false;
		buffer_add(&api->heard, (struct span){ piece, (size_t)got });
	}
}

static inline bool
api_say(const struct api *api, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = send(api->peer, bytes.at, bytes.len, MSG_NOSIGNAL);

		if (put <= 0)
			return false;
		bytes = span_slice(bytes, (size_t)put, bytes.len);
	}
	return true;
}

static inline void
api_close(struct api *api)
{
	if (api->peer >= 0)
		(void)close(api->peer);
	api->peer = -1;
}

static inline bool
api_accept(struct api *api)
{
	struct timeval patience = { .tv_sec = API_PATIENCE_S };

	api_close(api);
	api->peer = accept(api->listener, NULL, NULL);
	return api->peer >= 0 &&
	       setsockopt(api->peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) == 0;
}

static inline bool
api_step(struct api *api, const struct api_step *step)
{
	char byte;

	switch (step->act) {
	case API_ACCEPT:
		return api_accept(api);
	case API_HEAR:
		return api_hear(api, step->text);
	case API_SAY:
		return api_say(api, span_of(step->text));
	case API_AWAIT:
		return read(api->news[0], &byte, 1) == 1;
	case API_CLOSE:
		api_close(api);
		return true;
	}
	return false;
}

static inline void *
api_run(void *context)
{
	struct api *api = context;

	for (size_t i = 0; i < api->count && api->failed_at == 0; i++)
		if (!api_step(api, &api->steps[i]))
			api->failed_at = i + 1;
	return NULL;
}

/* Listen, and follow the script; both it and its texts must outlive api_end(). */
static inline void
api_start(struct api *api, const struct api_step *steps, size_t count)
{
	struct timeval patience = { .tv_sec = API_PATIENCE_S };
	struct sockaddr_un at = { .sun_family = AF_UNIX };

	memset(api, 0, sizeof(*api));
	api->peer = -1;
	api->steps = steps;
	api->count = count;
	buffer_init(&api->heard, 8u << 20);
	assert_int_equal(pipe(api->news), 0);
	scratch_init(&api->scratch);
	assert_true((size_t)snprintf(at.sun_path, sizeof(at.sun_path), "%s/api", api->scratch.dir) <
		    sizeof(at.sun_path));
	(void)snprintf(api->url, sizeof(api->url), "unix:%s", at.sun_path);
	api->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(api->listener >= 0);
	assert_int_equal(bind(api->listener, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(api->listener, 16), 0);
	assert_int_equal(
	    setsockopt(api->listener, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
	assert_int_equal(pthread_create(&api->thread, NULL, api_run, api), 0);
}

/* Wait until the script is over; its last connection stays open. Fails the test if a step did. */
static inline void
api_over(struct api *api)
{
	assert_int_equal(pthread_join(api->thread, NULL), 0);
	api->count = 0;
	if (api->failed_at != 0)
		fail_msg("the API failed at step %zu, having heard %.*s", api->failed_at,
		    (int)api->heard.len, api->heard.at == NULL ? "" : api->heard.at);
}

/* Free what is left after api_over(). */
static inline void
api_end(struct api *api)
{
	api_close(api);
	(void)close(api->listener);
	(void)close(api->news[0]);
	(void)close(api->news[1]);
	buffer_done(&api->heard);
	scratch_done(&api->scratch);
}

static inline bool
api_heard(const struct api *api, const char *text)
{
	return api->heard.len > 0 &&
	       memmem(api->heard.at, api->heard.len, text, strlen(text)) != NULL;
}

#endif
