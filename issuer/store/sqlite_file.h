/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sqlite_file - the file of a SQLite database in its directory.
 *
 * Uses:   base, SQLite.
 * Shell:  the file system.
 *
 * The file is checked and created, but never opened: closing any descriptor of it drops the POSIX
 * locks that SQLite holds for this whole process (fcntl(2), "Advisory record locking"), and the
 * next process would then delete the write-ahead log under our connections. The same goes for the
 * -wal and -shm files beside it.
 */
#ifndef POSTERN_ISSUER_STORE_SQLITE_FILE_H
#define POSTERN_ISSUER_STORE_SQLITE_FILE_H

#include <stdbool.h>

#include <sqlite3.h>

#include "base/check.h"
#include "base/err.h"

/* May it be opened as a database? Not if it is missing, not a regular file, open to everyone,
 * or truncated to nothing next to its write-ahead log: the error says which. */
MUST_CHECK bool sqlite_file_fit(const char *path, struct err *reterr);

/* The same, and when it is missing make an empty one, mode 0600, and its directory (0700). */
MUST_CHECK bool sqlite_file_make(const char *path, struct err *reterr);

/* Is the file that `db` has open still the one at `path`: not deleted, replaced, truncated or
 * overwritten? *size_bytes is the largest size seen; 0 at first. Costs two system calls. */
MUST_CHECK bool sqlite_file_same(
    sqlite3 *db, const char *path, sqlite3_int64 *size_bytes, struct err *reterr);

/*
 * Move the whole database at `from` to `path`, replacing an existing one if `over` is set, and
 * record that in PATH-current: running gates switch to a file that we put there, and to no other.
 * Files of an older database next to `path` are removed. `from` is gone then. A crash leaves the
 * old one or the new one.
 */
struct sqlite_put {
	const char *from, *path;
	bool over;
};
MUST_CHECK bool sqlite_file_put(const struct sqlite_put *put, struct err *reterr);

/* Record the file at `path` as ours, however it got there. */
MUST_CHECK bool sqlite_file_note(const char *path, struct err *reterr);

/* Copy a database, read as of one moment, into `to`, which must be none yet: mode 0600. */
MUST_CHECK bool sqlite_file_copy(const char *path, const char *to_path, struct err *reterr);

/* Is there no database at `path`, or a damaged one? One that is locked or may not be read is not
 * lost. */
bool sqlite_file_lost(const char *path);

/* Is the file at `path` the one that sqlite_file_put() put there last? */
bool sqlite_file_ours(const char *path);

#endif
