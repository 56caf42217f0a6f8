/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <signal.h>

#include "fibers.h"

#include "proxy/io/splice.h"
#include "proxy/io/watch.h"

#define LARGE (4u << 20)

static char large[LARGE];

/* One after the other: what comes from a peer goes on to another. */
struct passer {
	struct fibers_pair from, to;
	size_t most; /* of one piece */
	int64_t deadline_us, timeout_us;
	bool opened, wrote;
	ssize_t last;
	size_t passed;
};

static void
pass_all(void *context)
{
	struct passer *passer = context;
	struct splice splice;

	passer->opened = splice_open(&splice);
	passer->wrote = true;
	passer->last = 1;
	while (passer->opened && passer->wrote && passer->last > 0) {
		passer->last =
		    splice_read(&splice, passer->from.ours, passer->most, passer->deadline_us);
		if (passer->last <= 0)
			break;
		passer->passed += (size_t)passer->last;
		passer->wrote = splice_write(
		    &splice, passer->to.ours, (size_t)passer->last, passer->timeout_us);
	}
	if (passer->opened)
		splice_close(&splice);
	watch_close(passer->from.ours);
	watch_close(passer->to.ours);
}

static struct passer
passer_new(size_t most)
{
	return (struct passer){ .from = fibers_pair(),
		.to = fibers_pair(),
		.most = most,
		.deadline_us = clock_mono_us() + FAR_US,
		.timeout_us = FAR_US };
}

static void *
send_large(void *context)
{
	const char *at = large, *end = large + LARGE;
	int fd = *(int *)context;

	while (at < end) {
		ssize_t put = write(fd, at, (size_t)(end - at));

		if (put <= 0)
			break;
		at += put;
	}
	(void)shutdown(fd, SHUT_WR);
	return NULL;
}

/* Read to the end, and see that it is the beginning of what was sent. */
static size_t
receive(int fd)
{
	static char room[100000];
	size_t at = 0;
	ssize_t got;

	while ((got = read(fd, room, sizeof(room))) > 0) {
		assert_true(at + (size_t)got <= LARGE);
		assert_memory_equal(room, large + at, (size_t)got);
		at += (size_t)got;
	}
	return at;
}

/* Far more than the sockets and the pipe hold: both sides are waited for again and again. */
static void
all_bytes_pass_in_order(void **state)
{
	const size_t mosts[] = { 1000, SPLICE_PIPE_BYTES, SIZE_MAX >> 1 };

	(void)state;
	for (size_t i = 0; i < sizeof(mosts) / sizeof(*mosts); i++) {
		struct passer passer = passer_new(mosts[i]);
		struct fibers_task task;
		pthread_t sender;

		fibers_begin(&task, 0, pass_all, &passer);
		assert_int_equal(pthread_create(&sender, NULL, send_large, &passer.from.theirs), 0);
		assert_int_equal(receive(passer.to.theirs), LARGE);
		fibers_join(&task);
		assert_int_equal(pthread_join(sender, NULL), 0);
		assert_true(passer.wrote);
		assert_int_equal(passer.last, STREAM_END);
		assert_int_equal(passer.passed, LARGE);
		(void)close(passer.from.theirs);
		(void)close(passer.to.theirs);
	}
}

static void
silence_ends_at_the_deadline(void **state)
{
	struct passer passer = passer_new(LARGE);

	(void)state;
	passer.deadline_us = clock_mono_us() + 20000;
	assert_int_equal(write(passer.from.theirs, large, 7), 7);
	fibers_run(0, pass_all, &passer);
	assert_int_equal(passer.passed, 7);
	assert_int_equal(passer.last, STREAM_LATE);
	assert_int_equal(receive(passer.to.theirs), 7);
	(void)close(passer.from.theirs);
	(void)close(passer.to.theirs);
}

static void
nobody_writes_for_ever_to_who_does_not_read(void **state)
{
	struct passer passer = passer_new(LARGE);
	struct fibers_task task;
	pthread_t sender;

	(void)state;
	passer.timeout_us = 20000;
	fibers_begin(&task, 0, pass_all, &passer);
	assert_int_equal(pthread_create(&sender, NULL, send_large, &passer.from.theirs), 0);
	fibers_join(&task);
	assert_false(passer.wrote);
	assert_int_equal(pthread_join(sender, NULL), 0);
	(void)close(passer.from.theirs);
	(void)close(passer.to.theirs);
}

static void
a_peer_that_goes_ends_the_writing(void **state)
{
	struct passer passer = passer_new(LARGE);

	(void)state;
	(void)close(passer.to.theirs);
	assert_int_equal(write(passer.from.theirs, large, 7), 7);
	fibers_run(0, pass_all, &passer);
	assert_false(passer.wrote);
	(void)close(passer.from.theirs);
}

static void
what_is_no_stream_is_not_passed_on(void **state)
{
	struct passer passer = passer_new(LARGE);

	(void)state;
	(void)close(passer.from.ours);
	passer.from.ours = open("/dev", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fibers_run(0, pass_all, &passer);
	assert_int_equal(passer.last, SPLICE_UNABLE);
	assert_int_equal(passer.passed, 0);
	(void)close(passer.from.theirs);
	(void)close(passer.to.theirs);
}

/* ---- how many ---- */

struct taker {
	int open;
	bool enough;
};

static void
take_pipes(void *context)
{
	struct splice splices[SPLICE_PIPES_MAX + 1];
	struct taker *taker = context;

	while (taker->open <= SPLICE_PIPES_MAX && splice_open(&splices[taker->open]))
		taker->open++;
	for (int i = 0; i < taker->open; i++)
		splice_close(&splices[i]);
	taker->enough = splice_open(&splices[0]);
	if (taker->enough)
		splice_close(&splices[0]);
}

static void
a_thread_has_only_so_many(void **state)
{
	struct taker taker = { 0 };

	(void)state;
	fibers_run(0, take_pipes, &taker);
	assert_int_equal(taker.open, SPLICE_PIPES_MAX);
	assert_true(taker.enough);
}

static void
a_thread_without_fibers_copies(void **state)
{
	struct splice splice;

	(void)state;
	assert_false(splice_open(&splice));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_bytes_pass_in_order),
		cmocka_unit_test(silence_ends_at_the_deadline),
		cmocka_unit_test(nobody_writes_for_ever_to_who_does_not_read),
		cmocka_unit_test(a_peer_that_goes_ends_the_writing),
		cmocka_unit_test(what_is_no_stream_is_not_passed_on),
		cmocka_unit_test(a_thread_has_only_so_many),
		cmocka_unit_test(a_thread_without_fibers_copies),
	};

	(void)signal(SIGPIPE, SIG_IGN); /* as the gate does */
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i * 31 / 7);
	return cmocka_run_group_tests(tests, fibers_setup, fibers_teardown);
}
