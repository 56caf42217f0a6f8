/* SPDX-License-Identifier: Apache-2.0 */
#include "stored.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

static const char *self; /* this program */

static void
want_refused(const char *why)
{
	struct store *store = NULL;

	if (store_open(path, &store, &err))
		fail_msg("opened, though %s", why);
	if (strstr(err.text, why) == NULL || strstr(err.text, path) == NULL)
		fail_msg("want \"%s\" and the path, got \"%s\"", why, err.text);
}

static void
write_file(const char *bytes, size_t len, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, mode);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
}

static void
file_is_private(void **state)
{
	struct store *store;
	struct stat info;
	mode_t before = umask(0);
	char wal[sizeof(path) + 8];

	(void)state;
	store = open_store();
	add(store, "i", "n");
	umask(before);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(stat(wal, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	store_close(store);
}

static void
file_for_everybody_is_refused(void **state)
{
	(void)state;
	store_close(open_store());
	assert_int_equal(chmod(path, 0644), 0);
	want_refused("everybody can reach it");
}

static void
text_is_no_database(void **state)
{
	static char text[8192];

	(void)state;
	memset(text, 'x', sizeof(text));
	write_file(text, sizeof(text), 0600);
	want_refused("the database is damaged");
}

static void
damaged_page_is_reported(void **state)
{
	struct store *store = open_store();
	static char name[200], noise[4096];
	int i, fd;

	(void)state;
	memset(noise, 0xa5, sizeof(noise));
	for (i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "%0100d", i);
		add(store, name, name);
	}
	store_close(store);
	fd = open(path, O_WRONLY);
	assert_true(fd >= 0);
	for (i = 8; i < 16; i++)
		assert_int_equal(pwrite(fd, noise, sizeof(noise), i * 4096), sizeof(noise));
	close(fd);
	want_refused("the database is damaged");
}

static void
cut_file_is_reported(void **state)
{
	struct store *store = open_store();

	(void)state;
	add(store, "i", "n");
	store_close(store);
	assert_int_equal(truncate(path, 4096 + 100), 0);
	want_refused("the database is damaged");
}

static void
foreign_database_is_refused(void **state)
{
	(void)state;
	run_sql("CREATE TABLE client(id)");
	assert_int_equal(chmod(path, 0600), 0);
	want_refused("not a database of postern");
}

static void
newer_schema_is_refused(void **state)
{
	(void)state;
	store_close(open_store());
	run_sql("INSERT INTO postern_schema VALUES (1000, 0)");
	want_refused("made by a newer postern");
}

/* The second schema, as it was before there were incarnations. */
static void
clients_and_users_of_an_older_schema_have_no_incarnation(void **state)
{
	struct user user = { .id = "u", .name = "ann", .label = "", .hash = "h" }, *ann = NULL;
	struct store *store = open_store();
	struct client *client = NULL;
	struct arena arena;

	(void)state;
	add(store, "i", "n");
	assert_true(store_user_add(store, &user, &err));
	store_close(store);
	run_sql("ALTER TABLE client DROP COLUMN incarnation;"
		"ALTER TABLE client DROP COLUMN secret_1_until;"
		"ALTER TABLE client DROP COLUMN secret_2_until;"
		"DROP TABLE client_claim;"
		"ALTER TABLE account DROP COLUMN incarnation;"
		"DELETE FROM postern_schema WHERE version > 2");
	store = open_store();
	arena_init(&arena, 1 << 20);
	assert_true(store_find(store, &(struct store_wanted){ "i", &arena }, &client, &err));
	assert_true(store_user_find(store, &(struct store_wanted){ "ann", &arena }, &ann, &err));
	assert_string_equal(client->incarnation, "");
	assert_int_equal(client->slots[0].until_s, 0);
	assert_int_equal(client->claims.count, 0);
	assert_string_equal(ann->incarnation, "");
	arena_done(&arena);
	store_close(store);
}

static void
directory_is_no_database(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path, 0700), 0);
	want_refused("Is a directory");
}

static void
missing_directory_is_made_but_not_two(void **state)
{
	(void)state;
	scratch_path(&scratch, "new/postern.db", path);
	store_close(open_store());
	scratch_path(&scratch, "a/b/postern.db", path);
	want_refused("No such file or directory");
}

static void
read_only_file_is_reported(void **state)
{
	struct store *store = NULL;
	int status = 0;
	pid_t pid;

	(void)state;
	store_close(open_store());
	assert_int_equal(chmod(path, 0440), 0);
	assert_int_equal(chmod(scratch.dir, 0755), 0);
	if (geteuid() == 0)
		assert_int_equal(chown(path, (uid_t)-1, 65534), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(3);
		if (store_open(path, &store, &err))
			_exit(2);
		_exit(strstr(err.text, "Permission denied") != NULL ? 0 : 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

static void
killed_writer_loses_nothing(void **state)
{
	const char *roles[] = { "r1", "r2" };
	struct client client = { .roles = { roles, 2, NULL } }, *first = NULL;
	int round, fds[2], said, found = 0;
	struct store *store = NULL;
	struct arena arena;
	char name[32];
	int32_t number;
	pid_t pid;

	(void)state;
	store_close(open_store());
	said = 0;
	for (round = 0; round < 5; round++) {
		assert_int_equal(pipe(fds), 0);
		pid = fork();
		assert_true(pid >= 0);
		if (pid == 0) {
			if (!store_open(path, &store, &err))
				_exit(1);
			for (number = 0;; number++) {
				(void)snprintf(name, sizeof(name), "%d-%d", round, (int)number);
				client.id = client.name = name;
				if (!store_add(store, &client, &err) ||
				    write(fds[1], &number, sizeof(number)) != sizeof(number))
					_exit(1);
			}
		}
		close(fds[1]);
		for (number = 0; number < 5 + round * 3;)
			assert_int_equal(read(fds[0], &number, sizeof(number)), sizeof(number));
		assert_int_equal(kill(pid, SIGKILL), 0);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
		while (read(fds[0], &number, sizeof(number)) == sizeof(number))
			continue;
		close(fds[0]);
		said += number + 1;
	}
	store = open_store();
	arena_init(&arena, 1 << 22);
	assert_true(store_list(store, &arena, &first, &err));
	for (; first != NULL; first = first->next, found++)
		assert_int_equal(first->roles.count, 2);
	/* One more per round may be on disk that nobody was told of. */
	assert_true(found >= said && found <= said + 5);
	arena_done(&arena);
	store_close(store);
}

static void
want_lost(struct store *store, const char *why)
{
	if (store_same(store, &err))
		fail_msg("the same, though it %s", why);
	if (strstr(err.text, why) == NULL || strstr(err.text, path) == NULL)
		fail_msg("want \"%s\" and the path, got \"%s\"", why, err.text);
}

static void
deleted_or_replaced_file_is_noticed(void **state)
{
	char other[sizeof(path) + 8];
	struct store *store = open_store();

	(void)state;
	assert_true(store_same(store, &err));
	(void)snprintf(other, sizeof(other), "%s.new", path);
	assert_int_equal(rename(path, other), 0);
	want_lost(store, "was deleted");
	write_file("", 0, 0600);
	want_lost(store, "was replaced");
	assert_int_equal(rename(other, path), 0);
	assert_true(store_same(store, &err));
	store_close(store);
}

static void
cut_file_is_noticed(void **state)
{
	struct store *store = open_store();

	(void)state;
	add(store, "i", "n");
	assert_true(store_same(store, &err));
	assert_int_equal(truncate(path, 512), 0);
	want_lost(store, "was cut");
	/* Nor does another process take it for an empty one, and delete its log. */
	assert_int_equal(truncate(path, 0), 0);
	want_refused("was cut to 0 bytes");
	store_close(store);
}

static void
file_written_over_is_noticed(void **state)
{
	static char noise[1 << 20];
	struct store *store = open_store();

	(void)state;
	assert_true(store_same(store, &err));
	memset(noise, 0xa5, sizeof(noise));
	write_file(noise, sizeof(noise), 0600);
	want_lost(store, "written over");
	store_close(store);
}

static void
missing_store_is_not_made_unasked(void **state)
{
	struct store *store = NULL;

	(void)state;
	assert_false(store_open_existing(path, &store, &err));
	assert_non_null(strstr(err.text, "is missing"));
	assert_int_not_equal(access(path, F_OK), 0);
	write_file("", 0, 0600);
	assert_false(store_open_existing(path, &store, &err));
	assert_non_null(strstr(err.text, "holds no store"));
	assert_false(store_open_existing(path, &store, &err));
}

/*
 * Opening the same database once more, and closing it, drops no locks: another process that opens
 * and closes it must not take itself for the last one and delete the log.
 */
static void
second_opening_drops_no_locks(void **state)
{
	struct store *store = open_store(), *second;
	char wal[sizeof(path) + 8];
	struct stat before, after;
	int status = 0;
	pid_t pid;

	(void)state;
	add(store, "a", "a");
	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	assert_int_equal(stat(wal, &before), 0);
	second = open_store();
	store_close(second);
	assert_int_equal(chmod(path, 0606), 0);
	want_refused("everybody can reach it");
	assert_int_equal(chmod(path, 0600), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execl(self, self, "touch", path, (char *)NULL);
		_exit(9);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	assert_int_equal(stat(wal, &after), 0);
	assert_true(before.st_ino == after.st_ino);
	store_close(store);
}

/* What the process of the test above does. */
static int
touch(const char *database)
{
	struct store *store = NULL;
	bool done = store_open(database, &store, &err);

	store_close(store);
	return done ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(file_is_private),
		TEST(file_for_everybody_is_refused),
		TEST(text_is_no_database),
		TEST(damaged_page_is_reported),
		TEST(cut_file_is_reported),
		TEST(foreign_database_is_refused),
		TEST(newer_schema_is_refused),
		TEST(clients_and_users_of_an_older_schema_have_no_incarnation),
		TEST(directory_is_no_database),
		TEST(missing_directory_is_made_but_not_two),
		TEST(read_only_file_is_reported),
		TEST(killed_writer_loses_nothing),
		TEST(deleted_or_replaced_file_is_noticed),
		TEST(cut_file_is_noticed),
		TEST(file_written_over_is_noticed),
		TEST(missing_store_is_not_made_unasked),
		TEST(second_opening_drops_no_locks),
	};

	if (argc == 3 && strcmp(argv[1], "touch") == 0)
		return touch(argv[2]);
	self = argv[0];
	return cmocka_run_group_tests(tests, NULL, NULL);
}
