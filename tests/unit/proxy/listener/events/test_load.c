/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loops, the pool of slow calls, hand-over between loops, draining and stopping, all while clients
 * come, ask and go. Meant for ThreadSanitizer; and whoever is answered is answered rightly.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/thread.h"
#include "proxy/io/condition.h"
#include "proxy/io/loop.h"
#include "proxy/io/offload.h"
#include "proxy/listener/events/events.h"
#include "proxy/listener/listener.h"

#define CLIENTS 6
#define ROUNDS 20
#define ANSWERS 300 /* of one round, at least */

#define ANSWER "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
#define REFUSAL "HTTP/1.1 503 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

/* What clients ask for in turn. */
static const char *const requests[] = { "GET /now HTTP/1.1\r\nHost: h\r\n\r\n",
	"GET /slow HTTP/1.1\r\nHost: h\r\n\r\n", "GET /wait HTTP/1.1\r\nHost: h\r\n\r\n",
	"POST /now HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc" };

static struct {
	pthread_mutex_t lock;
	struct condition changed;
	int calls; /* under the lock */
} shared = { .lock = PTHREAD_MUTEX_INITIALIZER };

static atomic_int port, answered, wrong;
static atomic_bool going;

static void
call_slowly(void *context)
{
	(void)context;
	(void)pthread_mutex_lock(&shared.lock);
	shared.calls++;
	condition_broadcast(&shared.changed);
	(void)pthread_mutex_unlock(&shared.lock);
}

/* Until somebody's slow call, or not for long. */
static void
wait_for_others(void)
{
	int64_t until_us = clock_mono_us() + 20000;
	int before;

	(void)pthread_mutex_lock(&shared.lock);
	before = shared.calls;
	while (shared.calls == before && clock_mono_us() < until_us)
		if (!condition_wait(&shared.changed, &shared.lock, until_us))
			break;
	(void)pthread_mutex_unlock(&shared.lock);
}

static void
serve(void *context, struct exchange *exchange)
{
	struct span target = exchange_request(exchange)->target;
	char body[16];
	bool good = true;
	ssize_t got;

	(void)context;
	do {
		got = exchange_read(exchange, body, sizeof(body));
	} while (got > 0);
	if (span_is(target, "/slow"))
		good = offload(call_slowly, NULL);
	else if (span_is(target, "/wait"))
		wait_for_others();
	if (!good || got != EXCHANGE_END || !exchange_write(exchange, SPAN(ANSWER)))
		exchange_abort(exchange);
}

static void
refuse(void *context, struct exchange *exchange, enum reason reason, const char *detail)
{
	(void)context;
	(void)reason;
	(void)detail;
	exchange_close(exchange);
	(void)!exchange_write(exchange, SPAN(REFUSAL));
}

static struct listener *
listen_now(void)
{
	const struct listener_setup setup = { .engine = events_engine(),
		.address = "127.0.0.1:0",
		.header_bytes = 4096,
		.connections = 4, /* fewer than clients: places change hands */
		.header_timeout_ms = 60000,
		.body_timeout_ms = 60000,
		.idle_timeout_ms = 60000,
		.write_timeout_ms = 60000,
		.threads = 3,
		.serve = serve,
		.refuse = refuse };
	struct listener *listener = NULL;
	struct err err;

	if (!listener_start(&setup, &listener, &err))
		fail_msg("%s", err.text);
	return listener;
}

static int
dial(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = htons((uint16_t)atomic_load(&port)) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		(void)close(fd);
		fd = -1;
	}
	return fd;
}

/* One whole answer. False: another one, or the connection ended. */
static bool
hear(int fd)
{
	char got[sizeof(ANSWER)] = "";
	size_t len = 0, whole = strlen(ANSWER);

	while (len < whole) {
		ssize_t more = recv(fd, got + len, whole - len, 0);

		if (more <= 0)
			return false;
		len += (size_t)more;
	}
	if (strcmp(got, ANSWER) == 0)
		return true;
	if (strncmp(got, REFUSAL, whole) != 0)
		atomic_fetch_add(&wrong, 1);
	return false;
}

/* Ask until the connection ends, and leave in the middle of some. */
static void *
be_a_client(void *context)
{
	unsigned number = *(const unsigned *)context;

	while (atomic_load(&going)) {
		int fd = dial();
		bool heard = fd >= 0;

		while (heard && atomic_load(&going)) {
			const char *request = requests[number++ % 4];

			heard = send(fd, request, strlen(request), MSG_NOSIGNAL) > 0 &&
				number % 13 != 0 && hear(fd);
			if (heard)
				atomic_fetch_add(&answered, 1);
		}
		if (fd >= 0)
			(void)close(fd);
	}
	return NULL;
}

/* What an operator looks at, at any time. */
static void
look(const struct listener *listener)
{
	struct loop_state state;
	uint64_t drops;
	int sum = 0;

	loop_read_state(&state);
	for (int i = 0; i < LISTENER_STATES; i++)
		sum += listener_count(listener, (enum listener_state)i);
	assert_true(sum >= 0 && state.fibers < 1000);
	assert_true(listener_connections(listener) >= 0 && listener_busy(listener) >= 0);
	assert_true(offload_busy() >= 0 && offload_waiting() >= 0);
	assert_true(listener_drops(listener, &drops));
	(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
}

/* Another listener takes over each time; the former drains and stops with clients on it. */
static void
listeners_start_and_stop_under_load(void **state)
{
	struct listener *listener = listen_now(), *former;
	pthread_t threads[CLIENTS];
	unsigned numbers[CLIENTS];
	struct err err;

	(void)state;
	condition_init(&shared.changed);
	atomic_store(&port, listener_port(listener));
	atomic_store(&going, true);
	for (unsigned i = 0; i < CLIENTS; i++) {
		numbers[i] = i;
		if (!thread_start(&threads[i], be_a_client, &numbers[i], &err))
			fail_msg("%s", err.text);
	}
	for (int round = 0; round < ROUNDS; round++) {
		int before = atomic_load(&answered);

		while (atomic_load(&answered) < before + ANSWERS)
			look(listener);
		former = listener;
		listener = listen_now();
		atomic_store(&port, listener_port(listener));
		if (round % 2 == 0)
			listener_drain(former);
		look(former);
		listener_stop(former);
	}
	/* The last one stops, and the loops with it, while clients still ask. */
	listener_stop(listener);
	atomic_store(&going, false);
	for (int i = 0; i < CLIENTS; i++)
		(void)pthread_join(threads[i], NULL);
	condition_done(&shared.changed);
	assert_int_equal(loop_count(), 0);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(shared.calls > 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners_start_and_stop_under_load),
	};

	(void)alarm(300); /* for one that hangs */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
