/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client - a client and an API that are buffers: what the gate needs of exchange.h and forward.h,
 * and a gate over the snapshot of a setting. The gate asks the real clock, so tokens for it are of
 * client_claims().
 */
#ifndef POSTERN_TESTS_PROXY_CLIENT_H
#define POSTERN_TESTS_PROXY_CLIENT_H

#include "setting.h"

#include <sys/mman.h>

#include "base/clock.h"
#include "proxy/gate/gate.h"
#include "proxy/listener/listener.h"
#include "proxy/upstream/forward.h"

struct exchange {
	struct request request;
	struct buffer written;   /* to the client */
	struct buffer forwarded; /* to the API: the head */
	struct buffer cors;      /* lines that its answer would get */
	struct forwarded outcome;
	struct span body;    /* from the client: what is left of it */
	ssize_t body_result; /* behind it: EXCHANGE_END, EXCHANGE_BROKEN */
	bool lasts;          /* the API's answer is a stream */
	bool keeps, aborted;
};

struct request *
exchange_request(struct exchange *exchange)
{
	return &exchange->request;
}

int64_t
exchange_started_us(const struct exchange *exchange)
{
	(void)exchange;
	return clock_mono_us();
}

ssize_t
exchange_read(struct exchange *exchange, char *into, size_t room)
{
	struct span piece = span_slice(exchange->body, 0, room);

	if (piece.len == 0)
		return exchange->body_result;
	memcpy(into, piece.at, piece.len);
	exchange->body = span_slice(exchange->body, piece.len, exchange->body.len);
	return (ssize_t)piece.len;
}

bool
exchange_keep_alive(const struct exchange *exchange)
{
	return exchange->keeps;
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
exchange_write(struct exchange *exchange, struct span bytes)
{
	buffer_add(&exchange->written, bytes);
	return !exchange->written.failed;
}

const struct engine *
engines_find(enum engines_name name)
{
	(void)name;
	return NULL;
}

bool
engines_can(enum engines_name name, enum engines_ability ability)
{
	(void)name;
	(void)ability;
	return true;
}

bool
engines_know_method(enum engines_name name, struct span method)
{
	(void)name;
	(void)method;
	return true;
}

/* It is no socket: nobody leaves. */
int
exchange_socket(const struct exchange *exchange)
{
	(void)exchange;
	return -1;
}

void
forward_request(
    struct exchange *exchange, const struct forward *forward, struct forwarded *ret_forwarded)
{
	buffer_add(&exchange->forwarded, forward->head);
	if (forward->cors.len > 0)
		buffer_add(&exchange->cors, forward->cors);
	*ret_forwarded = exchange->outcome;
	ret_forwarded->upstream = forward->group->members[0];
	if (exchange->lasts)
		forward->lasts(forward->context);
}

/* One request; client_done() it. Texts must outlive it. */
static inline void
client_init(
    struct exchange *exchange, const char *method, const char *target, const char *authorization)
{
	*exchange = (struct exchange){ .keeps = true, .outcome = { .status = 200 } };
	setting_request(&exchange->request, method, target, authorization);
	buffer_init(&exchange->written, 1 << 16);
	buffer_init(&exchange->forwarded, 1 << 16);
	buffer_init(&exchange->cors, 1 << 16);
}

static inline void
client_done(struct exchange *exchange)
{
	buffer_done(&exchange->written);
	buffer_done(&exchange->forwarded);
	buffer_done(&exchange->cors);
}

static inline bool
client_has(const struct buffer *buffer, const char *text)
{
	return buffer->len > 0 && memmem(buffer->at, buffer->len, text, strlen(text)) != NULL;
}

/* The members of a token that counts now, and `more`. */
static inline const char *
client_claims(const char *more)
{
	static char claims[512];
	long now = (long)clock_now_s();

	(void)snprintf(claims, sizeof(claims),
	    "\"aud\":\"api\",\"sub\":\"jane\",\"iat\":%ld,\"exp\":%ld%s", now - 10, now + 600,
	    more);
	return claims;
}

static inline void
client_keep(struct held *held)
{
	(void)held; /* the setting's */
}

static inline void
client_gate_init(struct gate *gate, struct setting *setting)
{
	struct err err;

	memset(gate, 0, sizeof(*gate));
	if (!gate_init(gate, 1u << 20, &err))
		fail_msg("%s", err.text);
	keyset_seen(setting->keys[0], clock_mono_s());
	keyset_seen(setting->keys[2], clock_mono_s());
	setting->snapshot.held.free_it = client_keep;
	snapshot_replace(gate->hold, &setting->snapshot);
}

/* What is written to standard output until client_log_end(), which gives it. */
static inline int
client_log_begin(void)
{
	int saved = dup(1), file = memfd_create("log", 0);

	assert_true(saved >= 0 && file >= 0 && dup2(file, 1) == 1);
	(void)close(file);
	return saved;
}

static inline void
client_log_end(int saved, char *text, size_t room)
{
	ssize_t got = pread(1, text, room - 1, 0);

	assert_true(dup2(saved, 1) == 1);
	(void)close(saved);
	assert_true(got >= 0);
	text[got] = '\0';
}

#endif
