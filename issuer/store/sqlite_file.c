/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/store/sqlite_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/file.h"
#include "issuer/store/store.h"

#define PATH_ROOM 4096
#define REMEDY "; `postern store restore FILE` puts a backup in its place"

static const char magic[16] = "SQLite format 3";

/* SQLite would treat the log of an empty database as left over, and delete it. */
static bool
cut_to_nothing(const char *path, const struct stat *file)
{
	char wal[PATH_ROOM];
	struct stat log;

	(void)snprintf(wal, sizeof(wal), "%s-wal", path);
	return file->st_size == 0 && lstat(wal, &log) == 0 && log.st_size > 0;
}

static bool
fits(const char *path, const struct stat *file, struct err *reterr)
{
	if (S_ISDIR(file->st_mode))
		return err_errno(reterr, EISDIR, "%s", path);
	if (S_ISLNK(file->st_mode))
		return err_errno(reterr, ELOOP, "%s", path);
	if (!S_ISREG(file->st_mode))
		return err_set(reterr, "%s: not a file", path);
	if ((file->st_mode & 07) != 0)
		return err_set(reterr, "%s: everybody can reach it (mode %04o), want 0600", path,
		    (unsigned)file->st_mode & 07777);
	if (cut_to_nothing(path, file))
		return err_set(reterr, "%s: the database was cut to 0 bytes" REMEDY, path);
	return faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) == 0 ||
	       err_errno(reterr, errno, "%s", path);
}

bool
sqlite_file_fit(const char *path, struct err *reterr)
{
	struct stat file;

	if (lstat(path, &file) == 0)
		return fits(path, &file, reterr);
	if (errno == ENOENT)
		return err_set(reterr,
		    "%s: the database is missing" REMEDY
		    ", `postern store init` begins an empty one",
		    path);
	return err_errno(reterr, errno, "%s", path);
}

static bool
sync_directory(const char *directory, struct err *reterr)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool done;

	if (fd < 0)
		return err_errno(reterr, errno, "%s", directory);
	done = fsync(fd) == 0 || err_errno(reterr, errno, "%s", directory);
	close(fd);
	return done;
}

/* mknod() and not open(): there is never a descriptor to close. */
static bool
make(const char *path, struct err *reterr)
{
	char *directory = file_directory(path);
	bool done = false;

	if (directory == NULL)
		return err_set(reterr, "%s: no memory", path);
	if (mkdir(directory, 0700) != 0 && errno != EEXIST)
		(void)err_errno(reterr, errno, "%s: its directory cannot be made", path);
	else if (mknod(path, S_IFREG | 0600, 0) != 0 && errno != EEXIST)
		(void)err_errno(reterr, errno, "%s", path);
	else
		done = sync_directory(directory, reterr);
	free(directory);
	return done;
}

bool
sqlite_file_make(const char *path, struct err *reterr)
{
	struct stat file;

	if (lstat(path, &file) != 0 && errno == ENOENT && !make(path, reterr))
		return false;
	return sqlite_file_fit(path, reterr);
}

/* Through SQLite's own descriptor. */
static bool
whole(sqlite3 *db, sqlite3_int64 *size_bytes)
{
	sqlite3_file *file = NULL;
	sqlite3_int64 size = 0;
	char head[sizeof(magic)];

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) != SQLITE_OK ||
	    file == NULL || file->pMethods == NULL ||
	    file->pMethods->xFileSize(file, &size) != SQLITE_OK)
		return false;
	if (size < *size_bytes || file->pMethods->xRead(file, head, sizeof(head), 0) != SQLITE_OK)
		return false;
	*size_bytes = size;
	return memcmp(head, magic, sizeof(head)) == 0;
}

bool
sqlite_file_same(sqlite3 *db, const char *path, sqlite3_int64 *size_bytes, struct err *reterr)
{
	struct stat file;
	int moved = 0;

	if (sqlite3_file_control(db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK &&
	    moved != 0)
		return lstat(path, &file) != 0
			   ? err_set(reterr, "%s: the database was deleted" REMEDY, path)
			   : err_set(reterr, "%s: the database was replaced by another file" REMEDY,
				 path);
	return whole(db, size_bytes) ||
	       err_set(reterr, "%s: the database was cut or written over" REMEDY, path);
}

/* --- putting another one in its place --- */

#define NOTE_ROOM 64

/* "DEVICE INODE": unique for the file while any process has it open. */
static bool
describe(const char *path, char out[NOTE_ROOM])
{
	struct stat file;

	if (lstat(path, &file) != 0)
		return false;
	(void)snprintf(out, NOTE_ROOM, "%llu %llu\n", (unsigned long long)file.st_dev,
	    (unsigned long long)file.st_ino);
	return true;
}

static void
beside(const char *path, const char *ending, char out[PATH_ROOM])
{
	(void)snprintf(out, PATH_ROOM, "%s%s", path, ending);
}

/* Processes that still have the old files open use them without affecting the new ones. */
static void
remove_leftovers(const char *path)
{
	static const char *const endings[] = { "-wal", "-shm", "-journal" };
	char name[PATH_ROOM];

	for (size_t i = 0; i < sizeof(endings) / sizeof(endings[0]); i++) {
		beside(path, endings[i], name);
		(void)unlink(name);
	}
}

static bool
move(const struct sqlite_put *put, struct err *reterr)
{
	if (put->over)
		return rename(put->from, put->path) == 0 ||
		       err_errno(reterr, errno, "%s", put->path);
	if (link(put->from, put->path) != 0)
		return errno == EEXIST ? err_set(reterr, "%s: is there already", put->path)
				       : err_errno(reterr, errno, "%s", put->path);
	(void)unlink(put->from);
	return true;
}

bool
sqlite_file_put(const struct sqlite_put *put, struct err *reterr)
{
	if (!put->over && access(put->path, F_OK) == 0)
		return err_set(reterr, "%s: is there already", put->path);
	remove_leftovers(put->path);
	/* Noting it syncs the directory, too. */
	return move(put, reterr) && sqlite_file_note(put->path, reterr);
}

bool
sqlite_file_note(const char *path, struct err *reterr)
{
	char note[PATH_ROOM], text[NOTE_ROOM];

	beside(path, "-current", note);
	return (describe(path, text) || err_errno(reterr, errno, "%s", path)) &&
	       file_write(note, span_of(text), 0600, reterr);
}

bool
sqlite_file_ours(const char *path)
{
	char name[PATH_ROOM], now[NOTE_ROOM];
	struct buffer note;
	struct err ignored;
	bool ours;

	beside(path, "-current", name);
	buffer_init(&note, NOTE_ROOM);
	ours = describe(path, now) && file_read(name, &note, &ignored) &&
	       span_is(buffer_span(&note), now);
	buffer_done(&note);
	return ours;
}

/* --- copies, and what is lost --- */

static bool
copy(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", from, "main");

	if (backup == NULL)
		return false;
	(void)sqlite3_backup_step(backup, -1);
	return sqlite3_backup_finish(backup) == SQLITE_OK;
}

bool
sqlite_file_copy(const char *path, const char *to_path, struct err *reterr)
{
	sqlite3 *from = NULL, *to = NULL;
	struct stat file;
	bool done = false;

	if (stat(path, &file) != 0)
		return err_errno(reterr, errno, "%s", path);
	if (!S_ISREG(file.st_mode))
		return err_set(reterr, "%s: not a file", path);
	if (!make(to_path, reterr))
		return false;
	if (sqlite3_open_v2(path, &from, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
		(void)err_set(reterr, "%s: %s", path, sqlite3_errmsg(from));
	else if (sqlite3_open_v2(to_path, &to, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		(void)err_set(reterr, "%s: %s", to_path, sqlite3_errmsg(to));
	else
		done = copy(from, to) ||
		       err_set(reterr, "%s: cannot be copied: %s", path, sqlite3_errmsg(to));
	(void)sqlite3_close(to);
	(void)sqlite3_close(from);
	return done;
}

/* "ok" is the first row of a check that finds nothing. */
static int
first_word(void *context, int columns, char **values, char **names)
{
	(void)names;
	*(bool *)context = columns > 0 && values[0] != NULL && strcmp(values[0], "ok") == 0;
	return 1;
}

bool
sqlite_file_lost(const char *path)
{
	sqlite3 *db = NULL;
	struct stat file;
	bool whole_too = false;
	int code;

	if (lstat(path, &file) != 0)
		return errno == ENOENT;
	if (file.st_size == 0)
		return true;
	code = sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL);
	if (code == SQLITE_OK)
		code = sqlite3_exec(db, "PRAGMA quick_check(1)", first_word, &whole_too, NULL);
	(void)sqlite3_close(db);
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ||
	       (code == SQLITE_ABORT && !whole_too);
}
