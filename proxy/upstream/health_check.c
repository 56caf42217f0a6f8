/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/health_check.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/worker.h"
#include "proxy/http/response.h"
#include "proxy/io/wait.h"

#define REQUEST_MAX (16u << 10)
#define PIECE 4096

struct health_check {
	struct upstream *upstream; /* a reference */
	struct buffer request;
	int64_t every_us;
	struct worker *worker; /* NULL: it does not ask */
	int halt[2];           /* what is waited for ends when the second is shut down */
	unsigned failures;     /* in a row; of the thread */
	atomic_bool failed;
	atomic_int references; /* the owner's and the thread's */
};

static void
unref(void *context)
{
	struct health_check *check = context;

	if (atomic_fetch_sub(&check->references, 1) > 1)
		return;
	for (int i = 0; i < 2; i++)
		if (check->halt[i] >= 0)
			(void)close(check->halt[i]);
	buffer_done(&check->request);
	upstream_unref(check->upstream);
	free(check);
}

static struct span
host_of(const struct health_check_setup *setup)
{
	struct span authority = upstream_authority(setup->upstream);

	if (setup->host.at != NULL)
		return setup->host;
	return authority.len > 0 ? authority : SPAN("localhost");
}

struct health_check *
health_check_new(const struct health_check_setup *setup)
{
	struct health_check *check = calloc(1, sizeof(*check));

	if (check == NULL)
		return NULL;
	*check = (struct health_check){
		.upstream = setup->upstream, .every_us = setup->every_ms * 1000, .halt = { -1, -1 }
	};
	upstream_ref(check->upstream);
	atomic_store(&check->references, 1);
	buffer_init(&check->request, REQUEST_MAX);
	buffer_format(&check->request,
	    "GET %s HTTP/1.1\r\nHost: %.*s\r\nUser-Agent: postern-health-check\r\n"
	    "Connection: close\r\n\r\n",
	    setup->path, SPAN_ARG(host_of(setup)));
	if (!check->request.failed &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, check->halt) == 0)
		return check;
	unref(check);
	return NULL;
}

void
health_check_take_over(struct health_check *check, const struct health_check *other)
{
	if (other == NULL || check->upstream != other->upstream ||
	    !span_equal(buffer_span(&check->request), buffer_span(&other->request)))
		return;
	atomic_store(&check->failed, health_check_failed(other));
	if (health_check_failed(other))
		check->failures = HEALTH_CHECK_FAILURES;
}

bool
health_check_failed(const struct health_check *check)
{
	return check != NULL && atomic_load_explicit(&check->failed, memory_order_relaxed);
}

/* Read on until there is a head that is not interim. Returns its status; 0: reterr says why there
 * is none. */
static int
read_status(struct upstream_conn *conn, struct buffer *incoming, struct err *reterr)
{
	struct header headers[RESPONSE_MAX_HEADERS];
	struct response response = { .headers = headers };
	enum response_read read = RESPONSE_MORE;
	size_t interim = 0; /* bytes of heads before it */
	char piece[PIECE];

	while (read != RESPONSE_BAD) {
		struct span rest = span_slice(buffer_span(incoming), interim, incoming->len);
		ssize_t got;

		read = rest.len == 0 ? RESPONSE_MORE : response_read(rest, false, &response);
		if (read == RESPONSE_DONE && response.status >= 200)
			return response.status;
		if (read == RESPONSE_DONE) {
			interim += response.head_bytes;
			continue;
		}
		if (read == RESPONSE_BAD)
			continue;
		got = upstream_conn_read(conn, piece, sizeof(piece));
		if (got <= 0 || incoming->failed) {
			(void)err_set(reterr, got == LINK_LATE ? "no answer in time" : "no answer");
			return 0;
		}
		buffer_add(incoming, (struct span){ piece, (size_t)got });
	}
	(void)err_set(reterr, "%s", response.detail);
	return 0;
}

/* One question. False: the address is not well, and reterr says why. */
static bool
ask(struct health_check *check, struct err *reterr)
{
	int64_t deadline_us = clock_mono_us() + HEALTH_CHECK_US;
	struct upstream_conn *conn = NULL;
	struct buffer incoming;
	int status = 0;

	if (upstream_conn_open_fresh(check->upstream, deadline_us, &conn, reterr) != REASON_OK)
		return false;
	buffer_init(&incoming, RESPONSE_MAX_HEAD + PIECE);
	upstream_conn_timeout(conn, deadline_us - clock_mono_us());
	if (upstream_conn_write(conn, buffer_span(&check->request)))
		status = read_status(conn, &incoming, reterr);
	else
		(void)err_set(reterr, "it took no request");
	buffer_done(&incoming);
	upstream_conn_close(conn);
	if (status != 0 && (status < 200 || status > 399))
		return err_set(reterr, "status %d", status);
	return status != 0;
}

static void
note_well(struct health_check *check)
{
	check->failures = 0;
	if (!atomic_exchange(&check->failed, false))
		return;
	health_answered(upstream_health(check->upstream));
	log_event(LOG_INFO, "upstream_up", "%s: the health check succeeds again",
	    upstream_url(check->upstream));
}

static void
note_failure(struct health_check *check, const struct err *err)
{
	if (check->failures < HEALTH_CHECK_FAILURES)
		check->failures++;
	if (check->failures < HEALTH_CHECK_FAILURES || atomic_exchange(&check->failed, true))
		return;
	log_event(LOG_WARN, "upstream_down", "%s: the health check fails: %s",
	    upstream_url(check->upstream), err->text);
}

static int64_t
step(void *context)
{
	struct health_check *check = context;
	struct wait_client halted;
	struct err err = { "" };
	bool well;

	wait_attend(&halted, check->halt[0]);
	well = ask(check, &err);
	wait_attend(NULL, -1);
	if (halted.gone)
		return check->every_us;
	if (well)
		note_well(check);
	else
		note_failure(check, &err);
	return check->every_us;
}

void
health_check_start(struct health_check *check)
{
	struct err err;

	if (check->worker != NULL)
		return;
	atomic_fetch_add(&check->references, 1);
	if (!worker_start(step, check, &check->worker, &err))
		unref(check);
}

void
health_check_halt(struct health_check *check)
{
	struct worker *worker = check->worker;

	if (worker == NULL)
		return;
	check->worker = NULL;
	(void)shutdown(check->halt[1], SHUT_RDWR);
	worker_let_go(worker, unref, check);
}

void
health_check_free(struct health_check *check)
{
	if (check == NULL)
		return;
	health_check_halt(check);
	unref(check);
}
