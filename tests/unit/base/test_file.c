/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"

/* Each test stands in a directory of its own. */
static char home[] = "/tmp/test_file.XXXXXX";

static int
enter_home(void **state)
{
	(void)state;
	(void)umask(022);
	memcpy(home + sizeof(home) - 7, "XXXXXX", 6);
	return mkdtemp(home) == NULL || chdir(home) != 0 ? -1 : 0;
}

static int
leave_home(void **state)
{
	DIR *here = opendir(".");
	struct dirent *entry;

	(void)state;
	while (here != NULL && (entry = readdir(here)) != NULL)
		(void)unlink(entry->d_name);
	if (here != NULL)
		(void)closedir(here);
	(void)rmdir("dir");
	return chdir("/") != 0 || rmdir(home) != 0 ? -1 : 0;
}

static size_t
files_here(void)
{
	DIR *here = opendir(".");
	size_t count = 0;

	assert_non_null(here);
	while (readdir(here) != NULL)
		count++;
	(void)closedir(here);
	return count - 2;
}

static void
make(const char *path, const char *text, mode_t mode)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static void
expect(const char *path, const char *text)
{
	struct buffer buffer;
	struct err err = { "" };

	buffer_init(&buffer, 100000);
	assert_true(file_read(path, &buffer, &err));
	assert_true(span_is(buffer_span(&buffer), text));
	buffer_done(&buffer);
}

static void
a_file_is_read_whole(void **state)
{
	char text[10000];

	(void)state;
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	make("long", text, 0644);
	expect("long", text);
	make("empty", "", 0644);
	expect("empty", "");
}

static void
more_than_the_limit_is_an_error(void **state)
{
	struct buffer buffer;
	struct err err = { "" };

	(void)state;
	make("ten", "0123456789", 0644);
	buffer_init(&buffer, 10);
	assert_true(file_read("ten", &buffer, &err));
	buffer_done(&buffer);
	buffer_init(&buffer, 9);
	assert_false(file_read("ten", &buffer, &err));
	assert_string_equal(err.text, "ten: more than 9 bytes");
	buffer_done(&buffer);
}

static void
what_cannot_be_read_is_reported(void **state)
{
	struct buffer buffer;
	struct err err = { "" };

	(void)state;
	buffer_init(&buffer, 100);
	assert_false(file_read("nowhere", &buffer, &err));
	assert_string_equal(err.text, "nowhere: No such file or directory");
	assert_false(file_read(".", &buffer, &err));
	assert_string_equal(err.text, ".: Is a directory");
	buffer_done(&buffer);
}

static void
a_private_file_is_its_owners_alone(void **state)
{
	static const struct {
		mode_t mode;
		bool read;
	} cases[] = { { 0600, true }, { 0400, true }, { 0700, true }, { 0640, false },
		{ 0604, false }, { 0620, false }, { 0602, false }, { 0644, false } };

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buffer buffer;
		struct err err = { "" };

		make("key.pem", "secret", 0600);
		assert_int_equal(chmod("key.pem", cases[i].mode), 0);
		buffer_init(&buffer, 100);
		if (file_read_private("key.pem", &buffer, &err) != cases[i].read)
			fail_msg("mode %o: %s", cases[i].mode, err.text);
		assert_int_equal(buffer.len, cases[i].read ? 6 : 0);
		if (!cases[i].read)
			assert_memory_equal(err.text, "key.pem: group or others", 24);
		buffer_wipe(&buffer);
	}
}

static void
a_link_does_not_hide_the_mode(void **state)
{
	struct buffer buffer;
	struct err err = { "" };

	(void)state;
	make("key.pem", "secret", 0644);
	assert_int_equal(symlink("key.pem", "link"), 0);
	buffer_init(&buffer, 100);
	assert_false(file_read_private("link", &buffer, &err));
	buffer_done(&buffer);
}

/* Put `fd` in the place of standard input and read "-". */
static bool
read_stdin(int fd, bool private, struct buffer *buffer)
{
	int kept = dup(STDIN_FILENO);
	struct err err = { "" };
	bool read;

	assert_true(dup2(fd, STDIN_FILENO) >= 0);
	read = private ? file_read_private("-", buffer, &err) : file_read("-", buffer, &err);
	if (kept >= 0) {
		(void)dup2(kept, STDIN_FILENO);
		(void)close(kept);
	}
	return read;
}

static void
a_dash_is_standard_input(void **state)
{
	struct buffer buffer;
	int ends[2];
	int fd;

	(void)state;
	for (int private = 0; private < 2; private ++) {
		assert_int_equal(pipe(ends), 0);
		assert_int_equal(write(ends[1], "from a pipe", 11), 11);
		(void)close(ends[1]);
		buffer_init(&buffer, 100);
		assert_true(read_stdin(ends[0], private != 0, &buffer));
		assert_true(span_is(buffer_span(&buffer), "from a pipe"));
		buffer_done(&buffer);
		(void)close(ends[0]);
	}
	make("open", "x", 0644);
	fd = open("open", O_RDONLY | O_CLOEXEC);
	buffer_init(&buffer, 100);
	assert_false(read_stdin(fd, true, &buffer));
	buffer_done(&buffer);
	(void)close(fd);
}

static void
a_file_is_written_and_replaced(void **state)
{
	struct err err = { "" };
	struct stat told;

	(void)state;
	assert_true(file_write("a", SPAN("old"), 0600, &err));
	expect("a", "old");
	assert_int_equal(stat("a", &told), 0);
	assert_int_equal(told.st_mode & 07777, 0600);
	assert_true(file_write("./a", SPAN("new and longer"), 0666, &err));
	expect("a", "new and longer");
	assert_int_equal(stat("a", &told), 0);
	assert_int_equal(told.st_mode & 07777, 0644);
	assert_true(file_write("a", SPAN(""), 0600, &err));
	expect("a", "");
	assert_int_equal(files_here(), 1);
}

/* Who has the old file open keeps the old bytes: they are never written over. */
static void
the_old_file_stays_whole_for_who_reads_it(void **state)
{
	struct err err = { "" };
	char text[8] = "";
	int fd;

	(void)state;
	assert_true(file_write("a", SPAN("old"), 0600, &err));
	fd = open("a", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(file_write("a", SPAN("new"), 0600, &err));
	assert_int_equal(read(fd, text, sizeof(text)), 3);
	assert_string_equal(text, "old");
	(void)close(fd);
}

static void
a_failed_write_leaves_nothing_behind(void **state)
{
	struct err err = { "" };

	(void)state;
	assert_false(file_write("nowhere/a", SPAN("x"), 0600, &err));
	assert_string_equal(err.text, "nowhere/a: No such file or directory");
	assert_int_equal(mkdir("dir", 0700), 0);
	assert_false(file_write("dir", SPAN("x"), 0600, &err));
	assert_string_equal(err.text, "dir: Is a directory");
	assert_int_equal(files_here(), 1);
}

/* Each is refused at once, whatever stands behind it. */
static void
only_files_are_read(void **state)
{
	static const struct {
		const char *path, *says;
	} cases[] = {
		{ "fifo", "is a FIFO, not a file" },
		{ "dir", "Is a directory" },
		{ "/dev/zero", "is a device, not a file" },
		{ "/dev/null", "is a device, not a file" },
	};

	(void)state;
	assert_int_equal(mkfifo("fifo", 0600), 0);
	assert_int_equal(mkdir("dir", 0700), 0);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct err err = { "" };
		struct buffer buffer;

		buffer_init(&buffer, 1 << 20);
		assert_false(file_read(cases[i].path, &buffer, &err));
		assert_non_null(strstr(err.text, cases[i].path));
		assert_non_null(strstr(err.text, cases[i].says));
		assert_int_equal(buffer.len, 0);
		buffer_done(&buffer);
	}
}

/* As a shell hands over <(COMMAND). */
static void
a_pipe_that_was_handed_over_is_read(void **state)
{
	struct err err = { "" };
	struct buffer buffer;
	char path[32];
	int fds[2];

	(void)state;
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(write(fds[1], "abc", 3), 3);
	(void)close(fds[1]);
	(void)snprintf(path, sizeof(path), "/dev/fd/%d", fds[0]);
	buffer_init(&buffer, 16);
	assert_true(file_read(path, &buffer, &err));
	assert_string_equal(buffer.at, "abc");
	buffer_done(&buffer);
	(void)close(fds[0]);
}

static void
a_file_stands_in_its_directory(void **state)
{
	static const char *const cases[][2] = { { "a", "." }, { "/a", "/" }, { "/a/b", "/a" },
		{ "a/b/c", "a/b" }, { "a/", "a" } };
	char *directory;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		directory = file_directory(cases[i][0]);
		assert_string_equal(directory, cases[i][1]);
		free(directory);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter_home, leave_home)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_file_is_read_whole),
		TEST(more_than_the_limit_is_an_error),
		TEST(what_cannot_be_read_is_reported),
		TEST(a_private_file_is_its_owners_alone),
		TEST(a_link_does_not_hide_the_mode),
		TEST(a_dash_is_standard_input),
		TEST(only_files_are_read),
		TEST(a_pipe_that_was_handed_over_is_read),
		TEST(a_file_is_written_and_replaced),
		TEST(the_old_file_stays_whole_for_who_reads_it),
		TEST(a_failed_write_leaves_nothing_behind),
		TEST(a_file_stands_in_its_directory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
