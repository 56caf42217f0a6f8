/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "proxy/listener/events/listening.h"

/* A directory of its own, and the place of a socket there. */
struct place {
	char dir[64], path[80], address[96];
};

static int
make_place(void **state)
{
	struct place *place = calloc(1, sizeof(*place));

	assert_non_null(place);
	(void)snprintf(place->dir, sizeof(place->dir), "/tmp/postern-unit-XXXXXX");
	assert_non_null(mkdtemp(place->dir));
	(void)snprintf(place->path, sizeof(place->path), "%s/gate", place->dir);
	(void)snprintf(place->address, sizeof(place->address), "unix:%s", place->path);
	*state = place;
	return 0;
}

static int
remove_place(void **state)
{
	struct place *place = *state;

	(void)unlink(place->path);
	assert_int_equal(rmdir(place->dir), 0);
	free(place);
	return 0;
}

static mode_t
mode_of(const struct place *place)
{
	struct stat info;

	assert_int_equal(lstat(place->path, &info), 0);
	return info.st_mode;
}

static bool
opens(const struct place *place, mode_t mode, struct listening *listening, const char *wrong)
{
	struct err err = { "" };
	bool done = listening_open(listening, place->address, mode, &err);

	if (done != (wrong == NULL) || (wrong != NULL && strstr(err.text, wrong) == NULL))
		fail_msg("%s", done ? "it listens" : err.text);
	return done;
}

static void
a_file_has_its_mode_whatever_the_umask_is(void **state)
{
	static const mode_t modes[] = { 0600, 0660, 0666, 0777 }, masks[] = { 0, 022, 077, 0777 };

	for (size_t i = 0; i < 4; i++)
		for (size_t j = 0; j < 4; j++) {
			mode_t old = umask(masks[j]);
			struct listening listening;

			assert_true(opens(*state, modes[i], &listening, NULL));
			(void)umask(old);
			assert_int_equal(mode_of(*state), S_IFSOCK | modes[i]);
			listening_close(&listening);
		}
}

/* Before it listens nobody can connect; and never has it more rights than it will have. */
static void
a_file_is_made_with_no_more_than_its_mode(void **state)
{
	struct place *place = *state;
	struct unix_file file = { .address.sun_family = AF_UNIX };
	mode_t old = umask(0);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	struct err err;

	memcpy(file.address.sun_path, place->path, strlen(place->path) + 1);
	assert_int_equal(fchmod(fd, 0600), 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&file.address, sizeof(file.address)), 0);
	(void)umask(old);
	assert_int_equal(mode_of(place), S_IFSOCK | 0600); /* what unix_file.c relies on */
	close(fd);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_true(unix_file_bind(&file, fd, 0600, &err));
	close(fd);
}

static void
what_a_dead_process_has_left_is_replaced(void **state)
{
	struct listening dead, listening;

	assert_true(opens(*state, 0600, &dead, NULL));
	close(dead.sockets[0]);
	assert_int_equal(mode_of(*state), S_IFSOCK | 0600);
	assert_true(opens(*state, 0660, &listening, NULL));
	assert_int_equal(mode_of(*state), S_IFSOCK | 0660);
	listening_close(&listening);
	assert_int_equal(access(((struct place *)*state)->path, F_OK), -1);
}

static void
a_socket_that_somebody_listens_on_stays(void **state)
{
	struct listening first, second;

	assert_true(opens(*state, 0600, &first, NULL));
	(void)opens(*state, 0660, &second, "another process listens there");
	assert_int_equal(mode_of(*state), S_IFSOCK | 0600);
	listening_close(&first);
}

static void
a_file_that_is_no_socket_stays(void **state)
{
	struct place *place = *state;
	struct listening listening;
	FILE *file = fopen(place->path, "w");

	assert_non_null(file);
	(void)fclose(file);
	(void)opens(place, 0600, &listening, "there is a file that is no socket");
	assert_true(S_ISREG(mode_of(place)));
	assert_int_equal(unlink(place->path), 0);
	assert_int_equal(symlink("/nowhere", place->path), 0);
	(void)opens(place, 0600, &listening, "there is a file that is no socket");
	assert_true(S_ISLNK(mode_of(place)));
}

static void
only_the_file_that_was_made_is_removed(void **state)
{
	struct place *place = *state;
	struct listening first, second;

	assert_true(opens(place, 0600, &first, NULL));
	assert_int_equal(unlink(place->path), 0);
	assert_true(opens(place, 0600, &second, NULL));
	listening_close(&first);
	assert_int_equal(access(place->path, F_OK), 0);
	listening_close(&second);
	assert_int_equal(access(place->path, F_OK), -1);
}

int
main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, make_place, remove_place)
	const struct CMUnitTest tests[] = {
		TEST(a_file_has_its_mode_whatever_the_umask_is),
		TEST(a_file_is_made_with_no_more_than_its_mode),
		TEST(what_a_dead_process_has_left_is_replaced),
		TEST(a_socket_that_somebody_listens_on_stays),
		TEST(a_file_that_is_no_socket_stays),
		TEST(only_the_file_that_was_made_is_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
