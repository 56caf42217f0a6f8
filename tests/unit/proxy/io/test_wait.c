/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/scratch.h"

#include <sys/socket.h>

#include "base/clock.h"
#include "proxy/io/wait.h"

struct pair {
	int ours, theirs;
};

static struct pair
pair_new(void)
{
	int fds[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
	return (struct pair){ fds[0], fds[1] };
}

static void
pair_done(struct pair pair)
{
	(void)close(pair.ours);
	(void)close(pair.theirs);
}

static void
waiting_returns_what_is_ready(void **state)
{
	struct pair quiet = pair_new(), loud = pair_new();
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
	struct pair pair = pair_new();

	(void)state;
	assert_int_equal(wait_one(pair.ours, POLLIN, 1), 0);
	assert_int_equal(write(pair.theirs, "x", 1), 1);
	assert_int_equal(wait_one(pair.ours, POLLIN, 1), 1);
	pair_done(pair);
}

static void
nobody_waits_beyond_the_deadline_nor_less(void **state)
{
	struct pair pair = pair_new();
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
	struct pair pair = pair_new();
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waiting_returns_what_is_ready),
		cmocka_unit_test(a_deadline_of_long_ago_is_one_look),
		cmocka_unit_test(nobody_waits_beyond_the_deadline_nor_less),
		cmocka_unit_test(an_end_is_something_to_read),
		cmocka_unit_test(no_socket_is_never_ready),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
