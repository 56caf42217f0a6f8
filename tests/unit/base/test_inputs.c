/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <fcntl.h>

#include "base/inputs.h"

static char directory[] = "/tmp/postern-inputs-XXXXXX";
static char path[64], other[64];
static struct arena arena;

static void
write_file(const char *name, const char *text)
{
	FILE *file = fopen(name, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* As if `text` had been read from there. */
static struct inputs_watch *
watch_of(const char *name, const char *text)
{
	struct inputs inputs = { 0 };
	struct inputs_watch *watch;

	inputs_note(&inputs, &arena, (struct input){ .path = name, .readable = text != NULL },
	    span_of(text));
	watch = inputs_watch(&inputs, true);
	assert_non_null(watch);
	return watch;
}

static void
what_was_read_and_what_is_there_are_compared(void **state)
{
	struct inputs_watch *watch = watch_of(path, "before");

	(void)state;
	write_file(path, "before");
	assert_false(inputs_changed(watch));
	write_file(path, "behind");
	assert_true(inputs_changed(watch));
	assert_true(inputs_changed(watch)); /* until it is read again */
	inputs_unwatch(watch);
}

/* Size, inode and time of the content are as they were. */
static void
a_change_that_keeps_the_time_is_noticed(void **state)
{
	struct timespec times[2] = { { .tv_sec = 1000000000 }, { .tv_sec = 1000000000 } };
	struct inputs_watch *watch;

	(void)state;
	write_file(path, "one");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	watch = watch_of(path, "one");
	assert_false(inputs_changed(watch));
	write_file(path, "two");
	assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
	assert_true(inputs_changed(watch));
	inputs_unwatch(watch);
}

static void
the_same_written_again_is_no_change(void **state)
{
	struct inputs_watch *watch = watch_of(path, "same");

	(void)state;
	write_file(path, "same");
	assert_false(inputs_changed(watch));
	assert_int_equal(unlink(path), 0);
	write_file(path, "same");
	assert_false(inputs_changed(watch));
	inputs_unwatch(watch);
}

static void
a_file_that_comes_or_goes_is_a_change(void **state)
{
	struct inputs_watch *absent, *there;

	(void)state;
	(void)unlink(path);
	absent = watch_of(path, NULL);
	assert_false(inputs_changed(absent));
	write_file(path, "");
	assert_true(inputs_changed(absent));
	there = watch_of(path, "");
	assert_false(inputs_changed(there));
	assert_int_equal(unlink(path), 0);
	assert_true(inputs_changed(there));
	inputs_unwatch(absent);
	inputs_unwatch(there);
}

static void
what_others_watch_is_watched_when_asked_for(void **state)
{
	struct inputs inputs = { 0 };
	struct inputs_watch *some, *all;

	(void)state;
	write_file(path, "p");
	write_file(other, "key");
	inputs_note(&inputs, &arena, (struct input){ .path = path, .readable = true }, SPAN("p"));
	inputs_look(&inputs, &arena, other);
	some = inputs_watch(&inputs, false);
	all = inputs_watch(&inputs, true);
	assert_non_null(some);
	assert_non_null(all);
	assert_false(inputs_changed(all));
	write_file(other, "yek");
	assert_true(inputs_changed(all));
	assert_false(inputs_changed(some));
	inputs_unwatch(some);
	inputs_unwatch(all);
}

static void
the_digest_is_of_everything_but_secrets(void **state)
{
	static const char *const secrets[] = { "s1", "s2" }, *const texts[] = { "t1", "t2" };
	unsigned char digests[2][2][DIGEST_BYTES];

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		struct inputs inputs = { 0 };

		inputs_note(&inputs, &arena, (struct input){ .path = path, .readable = true },
		    span_of(texts[i / 2]));
		inputs_note(&inputs, &arena,
		    (struct input){ .path = other, .readable = true, .secret = true },
		    span_of(secrets[i % 2]));
		assert_true(inputs_digest(&inputs, digests[i / 2][i % 2]));
	}
	assert_memory_equal(digests[0][0], digests[0][1], DIGEST_BYTES);
	assert_memory_not_equal(digests[0][0], digests[1][0], DIGEST_BYTES);
}

static int
begin(void **state)
{
	(void)state;
	arena_init(&arena, 1u << 20);
	if (mkdtemp(directory) == NULL)
		return -1;
	(void)snprintf(path, sizeof(path), "%s/one", directory);
	(void)snprintf(other, sizeof(other), "%s/other", directory);
	return 0;
}

static int
end(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(other);
	arena_done(&arena);
	return rmdir(directory);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_read_and_what_is_there_are_compared),
		cmocka_unit_test(a_change_that_keeps_the_time_is_noticed),
		cmocka_unit_test(the_same_written_again_is_no_change),
		cmocka_unit_test(a_file_that_comes_or_goes_is_a_change),
		cmocka_unit_test(what_others_watch_is_watched_when_asked_for),
		cmocka_unit_test(the_digest_is_of_everything_but_secrets),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
