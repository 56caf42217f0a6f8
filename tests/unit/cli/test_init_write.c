/* SPDX-License-Identifier: Apache-2.0 */
/* Several files or none, and nothing that was there before is touched. */
#include "said.h"
#include "issuer/scratch.h"

#include <signal.h>
#include <sys/stat.h>

#include "base/file.h"
#include "cli/init_write.h"

static const struct init_write_file files[] = {
	{ "a", { "first\n", 6 } },
	{ "b", { "second\n", 7 } },
	{ "c", { "", 0 } },
	{ NULL, { NULL, 0 } },
};

static struct scratch scratch;
static struct init_write writing;
static struct err err;
static mode_t before;

static int
setup(void **state)
{
	(void)state;
	scratch_init(&scratch);
	before = umask(022);
	return chdir(scratch.dir);
}

static int
teardown(void **state)
{
	(void)state;
	(void)umask(before);
	(void)chmod(scratch.dir, 0700);
	assert_int_equal(chdir("/"), 0);
	scratch_done(&scratch);
	return 0;
}

static void
assert_holds(const char *path, const char *want)
{
	struct buffer text;

	buffer_init(&text, 4096);
	assert_true(file_read(path, &text, &err));
	assert_true(span_is(buffer_span(&text), want));
	buffer_done(&text);
}

static bool
is_there(const char *path)
{
	struct stat stat;

	return lstat(path, &stat) == 0;
}

static void
they_are_made(void **state)
{
	struct stat stat_a;

	(void)state;
	assert_true(init_write_begin(&writing, ".", files, &err));
	init_write_keep(&writing);
	assert_holds("a", "first\n");
	assert_holds("b", "second\n");
	assert_holds("c", "");
	assert_string_equal(writing.paths[0], "a");
	assert_int_equal(stat("a", &stat_a), 0);
	assert_int_equal(stat_a.st_mode & 0777, 0644);
}

static void
the_umask_counts(void **state)
{
	struct stat status;

	(void)state;
	(void)umask(077);
	assert_true(init_write_begin(&writing, "new", files, &err));
	init_write_keep(&writing);
	assert_int_equal(stat("new/a", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	assert_int_equal(stat("new", &status), 0);
	assert_int_equal(status.st_mode & 0777, 0700);
}

static void
all_go_again(void **state)
{
	(void)state;
	assert_true(init_write_begin(&writing, "new", files, &err));
	assert_true(is_there("new/c"));
	init_write_undo(&writing);
	assert_false(is_there("new"));
	assert_int_equal(mkdir("old", 0700), 0);
	assert_true(init_write_begin(&writing, "old/", files, &err));
	assert_string_equal(writing.paths[2], "old/c");
	init_write_undo(&writing);
	assert_true(is_there("old") && !is_there("old/a") && !is_there("old/b"));
}

/* The last one is there: those before it do not stay. */
static void
nothing_is_overwritten(void **state)
{
	(void)state;
	assert_true(file_write("c", SPAN("mine"), 0600, &err));
	assert_false(init_write_begin(&writing, ".", files, &err));
	assert_string_equal(err.text, "c exists already, and nothing is overwritten");
	assert_holds("c", "mine");
	assert_false(is_there("a") || is_there("b"));
}

static void
no_link_is_followed(void **state)
{
	(void)state;
	assert_int_equal(symlink("elsewhere", "b"), 0);
	assert_false(init_write_begin(&writing, ".", files, &err));
	assert_string_equal(err.text, "b exists already, and nothing is overwritten");
	assert_false(is_there("a") || is_there("elsewhere"));
}

static void
no_directory_can_be_made(void **state)
{
	(void)state;
	assert_false(init_write_begin(&writing, "no/where", files, &err));
	assert_string_equal(err.text, "no/where: No such file or directory");
	assert_true(file_write("file", SPAN("mine"), 0600, &err));
	assert_false(init_write_begin(&writing, "file", files, &err));
	assert_string_equal(err.text, "file/a: Not a directory");
	assert_holds("file", "mine");
}

static void
names_may_be_too_long(void **state)
{
	static char folder[INIT_WRITE_PATH + 1];
	char path[INIT_WRITE_PATH];

	(void)state;
	memset(folder, 'x', INIT_WRITE_PATH);
	assert_false(init_write_begin(&writing, folder, files, &err));
	folder[INIT_WRITE_PATH - 1] = '\0';
	assert_false(init_write_begin(&writing, folder, files, &err));
	folder[INIT_WRITE_PATH - 4] = '\0';
	assert_true(init_write_path(folder, "a", path, &err));
	assert_false(init_write_path(folder, "abc", path, &err));
}

/* Who is told to end meanwhile ends afterwards, with a whole set. */
static void
signals_wait(void **state)
{
	sigset_t pending, mask;

	(void)state;
	assert_int_equal(signal(SIGTERM, SIG_IGN) == SIG_ERR, 0);
	(void)signal(SIGTERM, SIG_DFL);
	assert_true(init_write_begin(&writing, ".", files, &err));
	assert_int_equal(raise(SIGTERM), 0);
	assert_int_equal(sigpending(&pending), 0);
	assert_int_equal(sigismember(&pending, SIGTERM), 1);
	(void)signal(SIGTERM, SIG_IGN); /* which drops it */
	init_write_keep(&writing);
	(void)signal(SIGTERM, SIG_DFL);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &mask), 0);
	assert_int_equal(sigismember(&mask, SIGTERM), 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(they_are_made),
		TEST(the_umask_counts),
		TEST(all_go_again),
		TEST(nothing_is_overwritten),
		TEST(no_link_is_followed),
		TEST(no_directory_can_be_made),
		TEST(names_may_be_too_long),
		TEST(signals_wait),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
