/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>

#include "fibers.h"

#include "proxy/io/stream.h"
#include "proxy/io/watch.h"

#define LARGE (4u << 20)

struct reader {
	struct fibers_pair pair;
	size_t room; /* of one read */
	int64_t deadline_us;
	sem_t read;
	char text[256];
	size_t len;
	ssize_t last, again;
	int64_t ended_us;
};

/* Everything up to the end, and the end once more. */
static void
read_all(void *context)
{
	struct reader *reader = context;

	for (;;) {
		reader->last = stream_read(reader->pair.ours, reader->text + reader->len,
		    reader->room, reader->deadline_us);
		if (reader->last <= 0)
			break;
		reader->len += (size_t)reader->last;
		(void)sem_post(&reader->read);
	}
	reader->ended_us = clock_mono_us();
	reader->again = stream_read(
	    reader->pair.ours, reader->text + reader->len, reader->room, reader->deadline_us);
	watch_close(reader->pair.ours);
}

static void
reader_init(struct reader *reader, size_t room)
{
	*reader = (struct reader){
		.pair = fibers_pair(), .room = room, .deadline_us = clock_mono_us() + FAR_US
	};
	(void)sem_init(&reader->read, 0, 0);
}

static void
reader_done(struct reader *reader)
{
	(void)sem_destroy(&reader->read);
	(void)close(reader->pair.theirs);
}

static void
say(const struct reader *reader, const char *text)
{
	size_t len = strlen(text);

	assert_int_equal(write(reader->pair.theirs, text, len), len);
}

/* Each piece is waited for; the last one comes with the end. */
static void
bytes_are_read_as_they_come(void **state)
{
	const char *pieces[] = { "G", "ET", " /a/long/piece/that/is/read/in/many", "\r", "\n" };

	(void)state;
	for (size_t room = 1; room <= 64; room *= 4) {
		struct fibers_task task;
		struct reader reader;
		size_t said = 0;

		reader_init(&reader, room);
		fibers_begin(&task, 0, read_all, &reader);
		for (size_t i = 0; i < sizeof(pieces) / sizeof(*pieces); i++) {
			size_t len = strlen(pieces[i]);

			say(&reader, pieces[i]);
			said += len;
			/* At least so many reads as it takes. */
			for (size_t read = 0; read < (len + room - 1) / room; read++)
				fibers_wait(&reader.read);
		}
		say(&reader, "end");
		assert_int_equal(shutdown(reader.pair.theirs, SHUT_WR), 0);
		fibers_join(&task);
		assert_int_equal(reader.last, STREAM_END);
		assert_int_equal(reader.again, STREAM_END);
		assert_int_equal(reader.len, said + 3);
		assert_string_equal(reader.text, "GET /a/long/piece/that/is/read/in/many\r\nend");
		reader_done(&reader);
	}
}

/* All was sent, and the end as well, before anybody read. */
static void
what_came_before_the_first_read_is_read(void **state)
{
	struct reader reader;

	(void)state;
	for (size_t room = 1; room <= 6; room++) {
		reader_init(&reader, room);
		say(&reader, "abcde");
		assert_int_equal(shutdown(reader.pair.theirs, SHUT_WR), 0);
		fibers_run(0, read_all, &reader);
		assert_string_equal(reader.text, "abcde");
		assert_int_equal(reader.last, STREAM_END);
		assert_int_equal(reader.again, STREAM_END);
		reader_done(&reader);
	}
}

static void
a_read_ends_at_its_deadline(void **state)
{
	struct reader reader;

	(void)state;
	reader_init(&reader, 16);
	say(&reader, "abc");
	reader.deadline_us = clock_mono_us() + 20000;
	fibers_run(0, read_all, &reader);
	assert_string_equal(reader.text, "abc");
	assert_int_equal(reader.last, STREAM_LATE);
	assert_int_equal(reader.again, STREAM_LATE);
	assert_true(reader.ended_us >= reader.deadline_us);
	reader_done(&reader);
}

/* What is there is had, even when it is late. */
static void
a_deadline_of_long_ago_is_one_look(void **state)
{
	struct reader reader;

	(void)state;
	reader_init(&reader, 2);
	reader.deadline_us = 1;
	say(&reader, "abcd");
	fibers_run(0, read_all, &reader);
	assert_string_equal(reader.text, "abcd");
	assert_int_equal(reader.last, STREAM_LATE);
	reader_done(&reader);
}

struct looker {
	struct fibers_pair pair;
	ssize_t got[4];
	char bytes[8];
};

static void
look(void *context)
{
	struct looker *looker = context;
	int fd = looker->pair.ours;

	looker->got[0] = stream_read_now(fd, looker->bytes, sizeof(looker->bytes));
	(void)!write(looker->pair.theirs, "abc", 3);
	looker->got[1] = stream_read_now(fd, looker->bytes, sizeof(looker->bytes));
	(void)shutdown(looker->pair.theirs, SHUT_WR);
	looker->got[2] = stream_read_now(fd, looker->bytes, sizeof(looker->bytes));
	looker->got[3] = stream_read_now(fd, looker->bytes, sizeof(looker->bytes));
	watch_close(fd);
}

static void
reading_now_never_waits(void **state)
{
	struct looker looker = { .pair = fibers_pair() };

	(void)state;
	fibers_run(0, look, &looker);
	assert_int_equal(looker.got[0], STREAM_LATE);
	assert_int_equal(looker.got[1], 3);
	assert_int_equal(looker.got[2], STREAM_END);
	assert_int_equal(looker.got[3], STREAM_END);
	assert_memory_equal(looker.bytes, "abc", 3);
	(void)close(looker.pair.theirs);
}

/* The system has not told of the end yet when it is read. */
static void
read_the_end_first(void *context)
{
	struct looker *looker = context;
	struct watch_wait wait = { looker->pair.ours, WATCH_IN };

	(void)!write(looker->pair.theirs, "abc", 3);
	(void)!watch_wait(&wait, 1, 0);
	(void)shutdown(looker->pair.theirs, SHUT_WR);
	for (int i = 0; i < 3; i++)
		looker->got[i] = stream_read_now(wait.fd, looker->bytes, 3);
	watch_close(wait.fd);
}

static void
an_end_that_was_read_is_read_again(void **state)
{
	struct looker looker = { .pair = fibers_pair() };

	(void)state;
	fibers_run(0, read_the_end_first, &looker);
	assert_int_equal(looker.got[0], 3);
	assert_int_equal(looker.got[1], STREAM_END);
	assert_int_equal(looker.got[2], STREAM_END);
	(void)close(looker.pair.theirs);
}

/* ---- writing ---- */

struct writer {
	struct fibers_pair pair;
	struct span bytes;
	int64_t timeout_us;
	bool done;
	ssize_t got;
	char reply;
};

static char large[LARGE];

static void
write_all(void *context)
{
	struct writer *writer = context;

	writer->done = stream_write(writer->pair.ours, writer->bytes, writer->timeout_us);
	writer->got =
	    stream_read(writer->pair.ours, &writer->reply, 1, clock_mono_us() + writer->timeout_us);
	watch_close(writer->pair.ours);
}

static void
fill(void)
{
	for (size_t i = 0; i < LARGE; i++)
		large[i] = (char)(i * 31 / 7);
}

/* Read so many bytes, and see that they are the right ones. */
static void
drain(int fd, size_t bytes)
{
	static char room[10000];
	size_t at = 0;

	while (at < bytes) {
		ssize_t got = read(fd, room, sizeof(room));

		assert_true(got > 0);
		assert_memory_equal(room, large + at, (size_t)got);
		at += (size_t)got;
	}
}

/* Far more than the socket holds: the writer waits for room again and again. */
static void
a_full_socket_is_waited_for(void **state)
{
	struct writer writer = {
		.pair = fibers_pair(), .bytes = { large, LARGE }, .timeout_us = FAR_US
	};
	struct fibers_task task;

	(void)state;
	fill();
	fibers_begin(&task, 0, write_all, &writer);
	drain(writer.pair.theirs, LARGE);
	assert_int_equal(write(writer.pair.theirs, "y", 1), 1);
	fibers_join(&task);
	assert_true(writer.done);
	assert_int_equal(writer.got, 1);
	assert_int_equal(writer.reply, 'y');
	(void)close(writer.pair.theirs);
}

static void
nobody_writes_for_ever_to_a_full_socket(void **state)
{
	struct writer writer = {
		.pair = fibers_pair(), .bytes = { large, LARGE }, .timeout_us = 20000
	};

	(void)state;
	fibers_run(0, write_all, &writer);
	assert_false(writer.done);
	(void)close(writer.pair.theirs);
}

static void
a_peer_that_goes_ends_the_writing(void **state)
{
	struct writer writer = {
		.pair = fibers_pair(), .bytes = { large, LARGE }, .timeout_us = FAR_US
	};
	struct fibers_task task;
	char byte;

	(void)state;
	fibers_begin(&task, 0, write_all, &writer);
	assert_int_equal(read(writer.pair.theirs, &byte, 1), 1);
	(void)close(writer.pair.theirs);
	fibers_join(&task);
	assert_false(writer.done);
	assert_true(writer.got == STREAM_BROKEN || writer.got == STREAM_END);

	writer.pair = fibers_pair();
	(void)close(writer.pair.theirs);
	fibers_run(0, write_all, &writer);
	assert_false(writer.done);
}

/* ---- the same by a thread ---- */

static void *
drain_thread(void *context)
{
	drain(*(int *)context, LARGE);
	return NULL;
}

static void
a_thread_reads_and_writes_as_well(void **state)
{
	struct fibers_pair pair = fibers_pair();
	pthread_t thread;
	char room[8];

	(void)state;
	fill();
	assert_int_equal(stream_read_now(pair.ours, room, sizeof(room)), STREAM_LATE);
	assert_int_equal(
	    stream_read(pair.ours, room, sizeof(room), clock_mono_us() + 1000), STREAM_LATE);
	assert_int_equal(write(pair.theirs, "abc", 3), 3);
	assert_int_equal(stream_read(pair.ours, room, 2, clock_mono_us() + FAR_US), 2);
	assert_int_equal(stream_read(pair.ours, room, 2, clock_mono_us() + FAR_US), 1);
	assert_int_equal(pthread_create(&thread, NULL, drain_thread, &pair.theirs), 0);
	assert_true(stream_write(pair.ours, (struct span){ large, LARGE }, FAR_US));
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_false(stream_write(pair.ours, (struct span){ large, LARGE }, 1000));
	assert_int_equal(stream_write_now(pair.ours, SPAN("x")), STREAM_LATE);
	(void)close(pair.theirs);
	assert_false(stream_write(pair.ours, SPAN("x"), FAR_US));
	assert_int_equal(stream_write_now(pair.ours, SPAN("x")), STREAM_BROKEN);
	(void)close(pair.ours);
}

/* A fiber that never has to wait, until it is told to end. */
struct busy {
	struct fibers_pair pair;
	bool reads, told;
	sem_t runs;
	size_t bytes;
};

static void
be_busy(void *context)
{
	struct busy *busy = context;
	char piece[4096] = "";

	(void)sem_post(&busy->runs);
	while (!busy->told && busy->bytes < 64 * LARGE) {
		if (busy->reads &&
		    (write(busy->pair.theirs, piece, sizeof(piece)) < 0 ||
			stream_read(busy->pair.ours, piece, sizeof(piece), FAR_US) < 0))
			break;
		if (!busy->reads && (!stream_write(busy->pair.ours,
					 (struct span){ piece, sizeof(piece) }, FAR_US) ||
					read(busy->pair.theirs, piece, sizeof(piece)) < 0))
			break;
		busy->bytes += sizeof(piece);
	}
	watch_close(busy->pair.ours);
}

static void
tell(void *context)
{
	((struct busy *)context)->told = true;
}

static void
whoever_never_has_to_wait_lets_others_go_first(void **state)
{
	(void)state;
	for (int reads = 0; reads < 2; reads++) {
		struct busy busy = { .pair = fibers_pair(), .reads = reads != 0 };
		struct fibers_task task;

		(void)sem_init(&busy.runs, 0, 0);
		fibers_begin(&task, 0, be_busy, &busy);
		fibers_wait(&busy.runs);
		fibers_call(0, tell, &busy);
		fibers_join(&task);
		assert_true(busy.told);
		assert_in_range(busy.bytes, WATCH_SHARE_BYTES, 64 * LARGE - 1);
		(void)close(busy.pair.theirs);
		(void)sem_destroy(&busy.runs);
	}
}

/* Two of them take turns. */
static void
two_that_never_have_to_wait_take_turns(void **state)
{
	struct busy busy[2] = { { .pair = fibers_pair() },
		{ .pair = fibers_pair(), .reads = true } };
	struct fibers_task tasks[2];

	(void)state;
	for (int i = 0; i < 2; i++) {
		(void)sem_init(&busy[i].runs, 0, 0);
		fibers_begin(&tasks[i], 0, be_busy, &busy[i]);
	}
	fibers_wait(&busy[0].runs);
	fibers_wait(&busy[1].runs);
	for (int i = 0; i < 2; i++)
		fibers_call(0, tell, &busy[i]);
	for (int i = 0; i < 2; i++) {
		fibers_join(&tasks[i]);
		assert_in_range(busy[i].bytes, WATCH_SHARE_BYTES, 64 * LARGE - 1);
		(void)close(busy[i].pair.theirs);
		(void)sem_destroy(&busy[i].runs);
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_read_as_they_come),
		cmocka_unit_test(what_came_before_the_first_read_is_read),
		cmocka_unit_test(a_read_ends_at_its_deadline),
		cmocka_unit_test(a_deadline_of_long_ago_is_one_look),
		cmocka_unit_test(reading_now_never_waits),
		cmocka_unit_test(an_end_that_was_read_is_read_again),
		cmocka_unit_test(a_full_socket_is_waited_for),
		cmocka_unit_test(nobody_writes_for_ever_to_a_full_socket),
		cmocka_unit_test(a_peer_that_goes_ends_the_writing),
		cmocka_unit_test(a_thread_reads_and_writes_as_well),
		cmocka_unit_test(whoever_never_has_to_wait_lets_others_go_first),
		cmocka_unit_test(two_that_never_have_to_wait_take_turns),
	};

	return cmocka_run_group_tests(tests, fibers_setup, fibers_teardown);
}
