/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log_queue.h"
#include "base/thread.h"

#define THREADS 4
#define LINES 20000

static void
say(struct buffer *line, uint64_t dropped)
{
	buffer_format(line, "dropped %llu\n", (unsigned long long)dropped);
}

static int64_t
soon(void)
{
	return clock_mono_us() + 60 * INT64_C(1000000);
}

static void
put_number(struct log_queue *queue, int who, int number)
{
	char line[128];
	int len = snprintf(line, sizeof(line), "%d %d %0100d\n", who, number, number);

	assert_true(log_queue_put(queue, (struct span){ line, (size_t)len }));
}

/* What was read of a log: numbers in order per writer, none missing that was not said to be. */
struct reader {
	FILE *from;
	int next[THREADS];
	unsigned long long seen, said;
	int tears;
	bool slow;
};

static void
read_line(struct reader *reader, const char *line)
{
	int who, number, again;
	unsigned long long dropped;

	if (sscanf(line, "dropped %llu\n", &dropped) == 1) {
		reader->said += dropped;
		return;
	}
	if (sscanf(line, "%d %d %d", &who, &number, &again) != 3 || number != again ||
	    line[strlen(line) - 1] != '\n') {
		reader->tears++;
		return;
	}
	assert_in_range(who, 0, THREADS - 1);
	assert_true(number >= reader->next[who]);
	reader->next[who] = number + 1;
	reader->seen++;
}

static void *
read_all(void *context)
{
	struct reader *reader = context;
	char line[PIPE_BUF];

	while (fgets(line, sizeof(line), reader->from) != NULL) {
		read_line(reader, line);
		if (reader->slow && reader->seen % 500 == 0)
			(void)nanosleep(&(struct timespec){ .tv_nsec = 2000000 }, NULL);
	}
	return NULL;
}

struct writer {
	struct log_queue *queue;
	int who;
};

static void *
write_all(void *context)
{
	struct writer *writer = context;

	for (int i = 0; i < LINES; i++)
		put_number(writer->queue, writer->who, i);
	return NULL;
}

static void
without_a_writer_the_caller_writes(void **state)
{
	struct log_queue queue = LOG_QUEUE_INIT;

	(void)state;
	assert_false(log_queue_put(&queue, SPAN("x\n")));
	log_queue_stop(&queue, soon());
}

/* More lines than the queue and the pipe hold, and a reader that is slower than the writers. */
static void
nothing_is_lost_while_somebody_reads(void **state)
{
	static struct log_queue queue = LOG_QUEUE_INIT;
	struct writer writers[THREADS];
	pthread_t threads[THREADS], reading;
	struct reader reader = { .slow = true };
	struct err err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	reader.from = fdopen(ends[0], "r");
	assert_true(log_queue_start(&queue, ends[1], say, &err));
	assert_true(thread_start(&reading, read_all, &reader, &err));
	for (int i = 0; i < THREADS; i++) {
		writers[i] = (struct writer){ &queue, i };
		assert_true(thread_start(&threads[i], write_all, &writers[i], &err));
	}
	for (int i = 0; i < THREADS; i++)
		(void)pthread_join(threads[i], NULL);
	log_queue_stop(&queue, soon());
	(void)close(ends[1]);
	(void)pthread_join(reading, NULL);
	(void)fclose(reader.from);
	assert_int_equal(atomic_load(&queue.dropped), 0);
	assert_int_equal(reader.seen, THREADS * LINES);
	assert_int_equal(reader.said + (unsigned)reader.tears, 0);
}

static void
a_reader_that_stops_costs_lines_and_is_reported_how_many(void **state)
{
	static struct log_queue queue = LOG_QUEUE_INIT;
	struct reader reader = { 0 };
	pthread_t reading;
	struct err err;
	int ends[2], put = 0;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(log_queue_start(&queue, ends[1], say, &err));
	put_number(&queue, 0, put++);
	assert_false(log_queue_crowded(&queue));
	while (!log_queue_crowded(&queue))
		put_number(&queue, 0, put++);
	assert_int_equal(atomic_load(&queue.dropped), 0);
	while (atomic_load(&queue.dropped) < 1000)
		put_number(&queue, 0, put++);
	assert_true(log_queue_crowded(&queue));
	assert_in_range(queue.bytes, LOG_QUEUE_BYTES / 2, LOG_QUEUE_BYTES + 2 * PIPE_BUF);
	reader.from = fdopen(ends[0], "r");
	assert_true(thread_start(&reading, read_all, &reader, &err));
	log_queue_stop(&queue, soon());
	assert_false(log_queue_crowded(&queue));
	assert_false(log_queue_put(&queue, SPAN("x\n")));
	(void)close(ends[1]);
	(void)pthread_join(reading, NULL);
	(void)fclose(reader.from);
	assert_int_equal(reader.said, atomic_load(&queue.dropped));
	assert_int_equal(reader.seen + reader.said, put);
	assert_int_equal(reader.tears, 0);
}

static void
stopping_waits_for_no_reader(void **state)
{
	static struct log_queue queue = LOG_QUEUE_INIT;
	struct err err;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	assert_true(log_queue_start(&queue, ends[1], say, &err));
	for (int i = 0; i < 2000; i++)
		put_number(&queue, 0, i);
	log_queue_stop(&queue, soon());                  /* comes back although nobody ever reads */
	assert_true(log_queue_put(&queue, SPAN("x\n"))); /* dropped, not written */
	(void)close(ends[0]);                            /* lets the writer end */
}

static void
what_cannot_be_written_is_counted_and_said_once_it_can(void **state)
{
	static struct log_queue queue = LOG_QUEUE_INIT;
	struct reader reader = { 0 };
	struct err err;
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), ends[2];

	(void)state;
	assert_true(full >= 0);
	assert_int_equal(pipe(ends), 0);
	assert_true(log_queue_start(&queue, full, say, &err));
	for (int i = 0; i < 100; i++)
		put_number(&queue, 0, i);
	while (atomic_load(&queue.dropped) < 100)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(dup2(ends[1], full), full);
	put_number(&queue, 0, 100);
	log_queue_stop(&queue, soon());
	(void)close(full);
	(void)close(ends[1]);
	reader.from = fdopen(ends[0], "r");
	(void)read_all(&reader);
	(void)fclose(reader.from);
	assert_int_equal(reader.seen, 1);
	assert_int_equal(reader.said, 100);
}

/* The limit cuts a line of one large write: the lines before it are there, and not called lost. */
static void
a_file_that_takes_no_more_loses_what_it_did_not_take(void **state)
{
	static struct log_queue queue = LOG_QUEUE_INIT;
	struct reader reader = { .from = tmpfile() };
	struct rlimit limit, small;
	struct err err;
	const int put = 200;

	(void)state;
	assert_non_null(reader.from);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	small = (struct rlimit){ .rlim_cur = 10000, .rlim_max = limit.rlim_max };
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_true(log_queue_start(&queue, fileno(reader.from), say, &err));
	for (int i = 0; i < put; i++)
		put_number(&queue, 0, i);
	while (atomic_load(&queue.dropped) == 0)
		(void)nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	put_number(&queue, 0, put);
	log_queue_stop(&queue, soon());
	rewind(reader.from);
	(void)read_all(&reader);
	(void)fclose(reader.from);
	assert_int_equal(reader.tears, 1);
	assert_int_equal(reader.said, atomic_load(&queue.dropped));
	assert_int_equal(reader.seen + reader.said, put + 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_a_writer_the_caller_writes),
		cmocka_unit_test(nothing_is_lost_while_somebody_reads),
		cmocka_unit_test(a_reader_that_stops_costs_lines_and_is_reported_how_many),
		cmocka_unit_test(stopping_waits_for_no_reader),
		cmocka_unit_test(what_cannot_be_written_is_counted_and_said_once_it_can),
		cmocka_unit_test(a_file_that_takes_no_more_loses_what_it_did_not_take),
	};

	(void)signal(SIGPIPE, SIG_IGN);
	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
