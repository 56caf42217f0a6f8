/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchanged - a client as the forwarding code sees it through exchange.h: what it sends comes
 * through a socket, what it gets lies in a buffer. And a request forwarded from it to an API.
 */
#ifndef POSTERN_TESTS_PROXY_UPSTREAM_EXCHANGED_H
#define POSTERN_TESTS_PROXY_UPSTREAM_EXCHANGED_H

#include "api.h"

#include <errno.h>

#include "base/clock.h"
#include "proxy/io/wait.h"
#include "proxy/listener/exchange.h"
#include "proxy/upstream/forwarding.h"

struct exchange {
	struct request request;
	int socket, client;    /* the gate's end and the client's */
	struct buffer written; /* to the client */
	int news;              /* told of each write */
	int writes_left;       /* that succeed; -1: all */
	bool keeps, aborted;   /* the connection */
	struct span pipelined; /* after the head */
	struct span buffered;  /* of the body, read already */
	bool sent;             /* all of the body, of which so much is to be read: */
	size_t left;
	ssize_t body_result;   /* instead of the body's end: EXCHANGE_BROKEN, EXCHANGE_LATE */
	int64_t body_until_us; /* its deadline */
};

struct request *
exchange_request(struct exchange *exchange)
{
	return &exchange->request;
}

/* The body comes as it is to be read, a chunked one decoded; its end is known, as from a last chunk
 * that was read already. */
ssize_t
exchange_read(struct exchange *exchange, char *into, size_t room)
{
	ssize_t got;

	if (exchange->buffered.len > 0) {
		struct span piece = span_slice(exchange->buffered, 0, room);

		memcpy(into, piece.at, piece.len);
		exchange->buffered =
		    span_slice(exchange->buffered, piece.len, exchange->buffered.len);
		return (ssize_t)piece.len;
	}
	if (exchange->sent && exchange->left == 0)
		return exchange->body_result;
	got = recv(exchange->socket, into, room, 0);
	if (got > 0)
		exchange->left -= (size_t)got;
	return got;
}

bool
exchange_buffered(const struct exchange *exchange)
{
	if (exchange->request.framing == BODY_NONE)
		return exchange->pipelined.len > 0;
	return exchange->buffered.len > 0 || (exchange->sent && exchange->left == 0);
}

int64_t
exchange_body_until_us(const struct exchange *exchange)
{
	return exchange->body_until_us;
}

ssize_t
exchange_receive(struct exchange *exchange, char *into, size_t room)
{
	struct span piece = span_slice(exchange->pipelined, 0, room);
	ssize_t got;

	if (piece.len > 0) {
		memcpy(into, piece.at, piece.len);
		exchange->pipelined =
		    span_slice(exchange->pipelined, piece.len, exchange->pipelined.len);
		return (ssize_t)piece.len;
	}
	got = recv(exchange->socket, into, room, MSG_DONTWAIT);
	if (got >= 0)
		return got;
	return errno == EAGAIN ? EXCHANGE_LATE : EXCHANGE_BROKEN;
}

bool
exchange_write(struct exchange *exchange, struct span bytes)
{
	if (exchange->writes_left == 0)
		return false;
	if (exchange->writes_left > 0)
		exchange->writes_left--;
	buffer_add(&exchange->written, bytes);
	assert_int_equal(write(exchange->news, "", 1), 1);
	return !exchange->written.failed;
}

/* What it gets lies in a buffer: all of it is written. */
ssize_t
exchange_send(struct exchange *exchange, struct span bytes)
{
	return exchange_write(exchange, bytes) ? (ssize_t)bytes.len : EXCHANGE_BROKEN;
}

int64_t
exchange_write_timeout_us(const struct exchange *exchange)
{
	(void)exchange;
	return API_PATIENCE_S * INT64_C(1000000);
}

bool
exchange_direct(const struct exchange *exchange)
{
	(void)exchange;
	return false;
}

ssize_t
exchange_splice_read(struct exchange *exchange, const struct splice *splice, size_t most)
{
	(void)exchange;
	(void)splice;
	(void)most;
	fail_msg("a pipe for a client that takes none");
	return EXCHANGE_UNABLE;
}

bool
exchange_splice_write(struct exchange *exchange, const struct splice *splice, size_t len)
{
	(void)exchange;
	(void)splice;
	(void)len;
	fail_msg("a pipe for a client that takes none");
	return false;
}

void
exchange_close(struct exchange *exchange)
{
	exchange->keeps = false;
}

void
exchange_abort(struct exchange *exchange)
{
	exchange->keeps = false;
	exchange->aborted = true;
}

bool
exchange_keep_alive(const struct exchange *exchange)
{
	return exchange->keeps;
}

int
exchange_socket(const struct exchange *exchange)
{
	return exchange->socket;
}

/* One forwarded request: its client, its API, and what came of it. */
struct exchanged {
	struct exchange exchange;
	struct api api;
	struct upstream *upstream; /* the reference is the group's */
	struct group *group;
	struct arena arena;
	struct forward forward;
	struct forwarded result;
	int lasted; /* how often the gate was told that the answer may take long */
	int asked;  /* how often it was asked whether it may go on */
};

static inline void
exchanged_lasts(void *context)
{
	((struct exchanged *)context)->lasted++;
}

/* It may not go on. */
static inline const char *
exchanged_outlived(void *context)
{
	((struct exchanged *)context)->asked++;
	return "over";
}

/* `head` is what the API shall get; the method of the request is its first word. */
static inline void
exchanged_request(struct exchanged *exchanged, const char *head)
{
	struct request *request = &exchanged->exchange.request;

	*request = (struct request){ .version_minor = 1, .target = SPAN("/") };
	request->method = span_slice(span_of(head), 0, span_find(span_of(head), ' '));
	exchanged->forward.head = span_of(head);
}

/* A client that keeps its connection and asks GET / of an API that follows the script. */
static inline void
exchanged_init(struct exchanged *exchanged, const struct api_step *steps, size_t count)
{
	struct exchange *exchange = &exchanged->exchange;
	int pair[2];
	struct err err;

	memset(exchanged, 0, sizeof(*exchanged));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	exchange->socket = pair[0];
	exchange->client = pair[1];
	exchange->writes_left = -1;
	exchange->keeps = true;
	exchange->body_until_us = clock_mono_us() + API_PATIENCE_S * INT64_C(1000000);
	buffer_init(&exchange->written, 8u << 20);
	api_start(&exchanged->api, steps, count);
	if (!upstream_new(
		exchanged->api.url, &(struct upstream_trust){ 0 }, &exchanged->upstream, &err))
		fail_msg("%s", err.text);
	exchanged->group = group_new(-1);
	assert_non_null(exchanged->group);
	group_add(exchanged->group, exchanged->upstream, NULL);
	exchange->news = exchanged->api.news[1];
	arena_init(&exchanged->arena, 1 << 16);
	exchanged->forward = (struct forward){ .group = exchanged->group,
		.upstream_timeout_ms = API_PATIENCE_S * 1000,
		.stream_timeout_ms = API_PATIENCE_S * 1000,
		.request_id = SPAN("r1"),
		.arena = &exchanged->arena,
		.lasts = exchanged_lasts,
		.context = exchanged };
	exchanged_request(exchanged, "GET / HTTP/1.1\r\nHost: api\r\n\r\n");
}

/* The client sends this as its body. It stays: who closes their side counts as gone soon. */
static inline void
exchanged_sends(struct exchanged *exchanged, const char *bytes)
{
	struct exchange *exchange = &exchanged->exchange;

	assert_int_equal(
	    send(exchange->client, bytes, strlen(bytes), MSG_NOSIGNAL), (ssize_t)strlen(bytes));
	exchange->sent = true;
	exchange->left += strlen(bytes);
}

static inline void
exchanged_run(struct exchanged *exchanged)
{
	buffer_reset(&exchanged->exchange.written);
	forward_request(&exchanged->exchange, &exchanged->forward, &exchanged->result);
}

/* The same, and the API's script is over with it. */
static inline void
exchanged_run_whole(struct exchanged *exchanged)
{
	exchanged_run(exchanged);
	api_over(&exchanged->api);
}

static inline void
exchanged_done(struct exchanged *exchanged)
{
	group_free(exchanged->group);
	api_end(&exchanged->api);
	arena_done(&exchanged->arena);
	buffer_done(&exchanged->exchange.written);
	(void)close(exchanged->exchange.socket);
	(void)close(exchanged->exchange.client);
}

/* What the client got, which has no NUL in it. */
static inline const char *
exchanged_written(const struct exchanged *exchanged)
{
	return exchanged->exchange.written.len == 0 ? "" : exchanged->exchange.written.at;
}

/*
 * A request under way on a connection on which the API has said this already, and says no more: the
 * steps of forwarding one by one, whose time may be short since nobody else must be in time.
 */
struct exchanged_step {
	struct forwarding forwarding;
	struct upstream_conn conn;
	struct wait_client client; /* which does not leave */
	struct header headers[RESPONSE_MAX_HEADERS];
	char piece[FORWARDING_PIECE];
	int api; /* the API's end */
};

static inline void
exchanged_step_init(
    struct exchanged_step *step, struct exchanged *exchanged, const char *says, int64_t timeout_ms)
{
	struct forwarding *forwarding = &step->forwarding;
	int pair[2];

	memset(step, 0, sizeof(*step));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	step->conn = (struct upstream_conn){ .upstream = exchanged->upstream, .socket = pair[0] };
	step->api = pair[1];
	assert_int_equal(send(pair[1], says, strlen(says), MSG_NOSIGNAL), (ssize_t)strlen(says));
	exchanged->forward.upstream_timeout_ms = timeout_ms;
	exchanged->result.upstream = exchanged->upstream;
	*forwarding = (struct forwarding){ .exchange = &exchanged->exchange,
		.forward = &exchanged->forward,
		.result = &exchanged->result,
		.conn = &step->conn,
		.tried = 1,
		.client = &step->client,
		.piece = step->piece,
		.response.headers = step->headers };
	buffer_init(&forwarding->incoming, 1 << 17);
	buffer_init(&forwarding->outgoing, 1 << 17);
}

static inline void
exchanged_step_done(struct exchanged_step *step)
{
	buffer_done(&step->forwarding.incoming);
	buffer_done(&step->forwarding.outgoing);
	(void)close(step->conn.socket);
	(void)close(step->api);
}

/* Does what the client got start with this? */
static inline bool
exchanged_starts(const struct exchanged *exchanged, const char *text)
{
	return strncmp(exchanged_written(exchanged), text, strlen(text)) == 0;
}

static inline uint64_t
exchanged_failures(const struct exchanged *exchanged, enum upstream_failure kind)
{
	return upstream_count_sum(
	    upstream_count(exchanged->upstream), UPSTREAM_FAILURES_FROM + (int)kind);
}

#define STEPS_OF(steps) (steps), sizeof(steps) / sizeof((steps)[0])

#endif
