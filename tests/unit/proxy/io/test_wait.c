/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <pthread.h>

#include "fibers.h"

#include "proxy/io/wait.h"
#include "proxy/io/watch.h"

static void
pair_done(struct fibers_pair pair)
{
	(void)close(pair.ours);
	(void)close(pair.theirs);
}

static void
waiting_returns_what_is_ready(void **state)
{
	struct fibers_pair quiet = fibers_pair(), loud = fibers_pair();
	struct pollfd fds[2] = { { .fd = quiet.ours, .events = POLLIN },
		{ .fd = loud.ours, .events = POLLIN } };

	(void)state;
	assert_int_equal(write(loud.theirs, "x", 1), 1);
	assert_int_equal(wait_any(fds, 2, clock_mono_us() + 20 * INT64_C(1000000)), 1);
	assert_int_equal(fds[0].revents, 0);
	assert_int_equal(fds[1].revents, POLLIN);
	assert_int_equal(wait_one(loud.ours, POLLIN, 0), 1);
	assert_int_equal(wait_one(quiet.ours, POLLOUT, 0), 1);
	pair_done(quiet);
	pair_done(loud);
}

static void
a_deadline_of_long_ago_is_one_look(void **state)
{
	struct fibers_pair pair = fibers_pair();

	(void)state;
	assert_int_equal(wait_one(pair.ours, POLLIN, 1), 0);
	assert_int_equal(write(pair.theirs, "x", 1), 1);
	assert_int_equal(wait_one(pair.ours, POLLIN, 1), 1);
	pair_done(pair);
}

static void
nobody_waits_beyond_the_deadline_nor_less(void **state)
{
	struct fibers_pair pair = fibers_pair();
	int64_t deadline_us = clock_mono_us() + 1500;

	(void)state;
	assert_int_equal(wait_one(pair.ours, POLLIN, deadline_us), 0);
	assert_true(clock_mono_us() >= deadline_us);
	pair_done(pair);
}

/* The other side has gone: there is an end to read. */
static void
an_end_is_something_to_read(void **state)
{
	struct fibers_pair pair = fibers_pair();
	struct pollfd fd = { .fd = pair.ours, .events = POLLIN };

	(void)state;
	(void)close(pair.theirs);
	assert_int_equal(wait_any(&fd, 1, 0), 1);
	assert_true((fd.revents & (POLLIN | POLLHUP)) != 0);
	(void)close(pair.ours);
}

static void
no_socket_is_never_ready(void **state)
{
	(void)state;
	assert_int_equal(wait_one(-1, POLLIN, clock_mono_us() + 1000), 0);
}

/* ---- by a fiber ---- */

struct waiting {
	struct fibers_pair quiet, loud;
	struct pollfd fds[2];
	int64_t deadline_us, ended_us;
	int ready, again;
};

static void
wait_for_both(void *context)
{
	struct waiting *waiting = context;

	waiting->fds[0] = (struct pollfd){ .fd = waiting->quiet.ours, .events = POLLIN };
	waiting->fds[1] = (struct pollfd){ .fd = waiting->loud.ours, .events = POLLIN };
	waiting->ready = wait_any(waiting->fds, 2, waiting->deadline_us);
	waiting->ended_us = clock_mono_us();
	waiting->again = wait_any(waiting->fds, 2, waiting->deadline_us);
	watch_close(waiting->quiet.ours);
	watch_close(waiting->loud.ours);
}

static void
waiting_done(struct waiting *waiting)
{
	(void)close(waiting->quiet.theirs);
	(void)close(waiting->loud.theirs);
}

/* Before and while it waits. What was not read is ready again. */
static void
a_fiber_waits_for_what_is_ready(void **state)
{
	(void)state;
	for (int early = 0; early < 2; early++) {
		struct waiting waiting = { .quiet = fibers_pair(), .loud = fibers_pair() };
		struct fibers_task task;

		if (early)
			assert_int_equal(write(waiting.loud.theirs, "x", 1), 1);
		fibers_begin(&task, 0, wait_for_both, &waiting);
		if (!early)
			assert_int_equal(write(waiting.loud.theirs, "x", 1), 1);
		fibers_join(&task);
		assert_int_equal(waiting.ready, 1);
		assert_int_equal(waiting.again, 1);
		assert_int_equal(waiting.fds[0].revents, 0);
		assert_int_equal(waiting.fds[1].revents, POLLIN);
		waiting_done(&waiting);
	}
}

static void
a_fiber_waits_no_less_than_to_the_deadline(void **state)
{
	struct waiting waiting = { .quiet = fibers_pair(),
		.loud = fibers_pair(),
		.deadline_us = clock_mono_us() + 20000 };

	(void)state;
	fibers_run(0, wait_for_both, &waiting);
	assert_int_equal(waiting.ready, 0);
	assert_int_equal(waiting.again, 0);
	assert_true(waiting.ended_us >= waiting.deadline_us);
	waiting_done(&waiting);
}

/* ---- the client that leaves ---- */

enum way {
	RESETS,
	CLOSES_ITS_SIDE,
	STAYS,
};

/* A request under way, of which the upstream says nothing. */
struct request {
	int client; /* the client's end */
	int socket; /* ours */
	struct fibers_pair upstream;
	int64_t deadline_us;
	sem_t attends;
	struct wait_client told;
	int word, number;
	int64_t ended_us;
	bool pauses;
};

/* Over TCP, where connections can be reset. */
static void
connect_both(struct request *request)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(address);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(bind(listening, (struct sockaddr *)&address, len), 0);
	assert_int_equal(listen(listening, 1), 0);
	assert_int_equal(getsockname(listening, (struct sockaddr *)&address, &len), 0);
	request->client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(connect(request->client, (struct sockaddr *)&address, len), 0);
	request->socket = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	assert_true(request->socket >= 0);
	(void)close(listening);
	request->upstream = fibers_pair();
	request->deadline_us = clock_mono_us() + FAR_US;
	(void)sem_init(&request->attends, 0, 0);
}

static void
request_done(struct request *request)
{
	(void)sem_destroy(&request->attends);
	(void)close(request->client);
	(void)close(request->upstream.theirs);
}

static void
leave(const struct request *request, enum way way)
{
	struct linger now = { .l_onoff = 1 };

	if (way == RESETS) {
		assert_int_equal(
		    setsockopt(request->client, SOL_SOCKET, SO_LINGER, &now, sizeof(now)), 0);
		/* Whatever has the number afterwards is closed by request_done(). */
		assert_int_equal(dup2(request->upstream.theirs, request->client), request->client);
	} else if (way == CLOSES_ITS_SIDE) {
		assert_int_equal(shutdown(request->client, SHUT_WR), 0);
	}
}

static void
serve(void *context)
{
	struct request *request = context;

	if (fiber_current() != NULL && !watch_add(request->socket, NULL, NULL))
		return;
	wait_attend(&request->told, request->socket);
	(void)sem_post(&request->attends);
	errno = 0;
	do {
		request->word = request->pauses ? wait_pause(request->deadline_us)
						: wait_one(request->upstream.ours, POLLIN,
						      request->deadline_us);
	} while (request->pauses && request->word > 0); /* it may return early */
	request->number = errno;
	request->ended_us = clock_mono_us();
	wait_attend(NULL, -1);
	watch_close(request->socket);
	watch_close(request->upstream.ours);
}

static void *
serve_thread(void *context)
{
	serve(context);
	return NULL;
}

/* The client leaves while the request waits, or before that. */
static void
serve_one_that_leaves(struct request *request, enum way way, bool fiber, bool before)
{
	struct fibers_task task;
	pthread_t thread;

	if (before)
		leave(request, way);
	if (fiber)
		fibers_begin(&task, 0, serve, request);
	else
		assert_int_equal(pthread_create(&thread, NULL, serve_thread, request), 0);
	fibers_wait(&request->attends);
	if (!before)
		leave(request, way);
	if (fiber)
		fibers_join(&task);
	else
		assert_int_equal(pthread_join(thread, NULL), 0);
}

/* At once after a reset; no earlier than it may be when only its side is closed. */
static void
a_wait_ends_when_the_client_has_left(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 16; i++) {
		struct request request = { .pauses = (i & 1) != 0 };
		enum way way = (i & 2) != 0 ? RESETS : CLOSES_ITS_SIDE;
		int64_t since_us;

		connect_both(&request);
		since_us = clock_mono_us();
		serve_one_that_leaves(&request, way, (i & 4) != 0, (i & 8) != 0);
		assert_int_equal(request.word, -1);
		assert_int_equal(request.number, ECONNABORTED);
		assert_true(request.told.gone);
		assert_true(request.ended_us < request.deadline_us);
		assert_true(way == RESETS || request.ended_us >= since_us + WAIT_HALF_CLOSED_US);
		request_done(&request);
	}
}

/* A client that has closed its side only may still read: what is there for it is told. */
static void
an_answer_at_once_comes_before_the_end(void **state)
{
	(void)state;
	for (int fiber = 0; fiber < 2; fiber++) {
		struct request request = { 0 };

		connect_both(&request);
		assert_int_equal(write(request.upstream.theirs, "x", 1), 1);
		serve_one_that_leaves(&request, CLOSES_ITS_SIDE, fiber, true);
		assert_int_equal(request.word, 1);
		assert_false(request.told.gone);
		request_done(&request);
	}
}

/* An earlier deadline is a deadline still. */
static void
a_client_that_stays_ends_no_wait(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 8; i++) {
		enum way way = (i & 1) != 0 ? STAYS : CLOSES_ITS_SIDE;
		struct request request = { .pauses = (i & 2) != 0 };

		connect_both(&request);
		request.deadline_us = clock_mono_us() + 10000;
		serve_one_that_leaves(&request, way, (i & 4) != 0, false);
		assert_int_equal(request.word, 0);
		assert_true(request.ended_us >= request.deadline_us);
		assert_false(request.told.gone);
		request_done(&request);
	}
}

static void
serve_nobody(void *context)
{
	struct request *request = context;

	wait_attend(&request->told, request->socket);
	wait_attend(NULL, -1);
	request->deadline_us = clock_mono_us() + 2 * WAIT_HALF_CLOSED_US;
	request->word = wait_pause(request->deadline_us);
	request->ended_us = clock_mono_us();
	watch_close(request->socket);
	watch_close(request->upstream.ours);
}

/* Neither does one whose request was ended. */
static void
a_former_client_ends_no_wait(void **state)
{
	struct request request = { 0 };

	(void)state;
	connect_both(&request);
	leave(&request, RESETS);
	fibers_run(0, serve_nobody, &request);
	assert_int_equal(request.word, 0);
	assert_true(request.ended_us >= request.deadline_us);
	request_done(&request);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_returns_what_is_ready),
		cmocka_unit_test(a_deadline_of_long_ago_is_one_look),
		cmocka_unit_test(nobody_waits_beyond_the_deadline_nor_less),
		cmocka_unit_test(an_end_is_something_to_read),
		cmocka_unit_test(no_socket_is_never_ready),
		cmocka_unit_test(a_fiber_waits_for_what_is_ready),
		cmocka_unit_test(a_fiber_waits_no_less_than_to_the_deadline),
		cmocka_unit_test(a_wait_ends_when_the_client_has_left),
		cmocka_unit_test(an_answer_at_once_comes_before_the_end),
		cmocka_unit_test(a_client_that_stays_ends_no_wait),
		cmocka_unit_test(a_former_client_ends_no_wait),
	};

	return cmocka_run_group_tests(tests, fibers_setup, fibers_teardown);
}
