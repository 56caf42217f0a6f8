/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/digest.h"

#define CHUNK_BYTES 2048
#define NAME_MAX 8192

static bool
is_stdin(const char *path)
{
	return strcmp(path, "-") == 0;
}

/* Did this process inherit it as an open descriptor, as with a shell's pipe or <(COMMAND)? */
static bool
is_own(const char *path)
{
	return is_stdin(path) || strcmp(path, "/dev/stdin") == 0 ||
	       strncmp(path, "/dev/fd/", sizeof("/dev/fd/") - 1) == 0;
}

static bool
read_all(int fd, const char *path, struct buffer *buffer, struct err *reterr)
{
	char chunk[CHUNK_BYTES];
	bool done = false;
	ssize_t got;

	for (;;) {
		got = read(fd, chunk, sizeof(chunk));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		if ((size_t)got > buffer->max_bytes - buffer->len) {
			(void)err_set(reterr, "%s: more than %zu bytes", path, buffer->max_bytes);
			goto out;
		}
		buffer_add(buffer, (struct span){ chunk, (size_t)got });
	}
	if (got < 0)
		(void)err_errno(reterr, errno, "%s", path);
	else if (buffer->failed)
		(void)err_set(reterr, "%s: out of memory", path);
	else
		done = true;
out:
	/* Wipe it: it may be a private key. */
	digest_wipe(chunk, sizeof(chunk));
	return done;
}

/* Group and others may neither read nor change it. A pipe on standard input has no such mode. */
static bool
check_private(int fd, const char *path, struct err *reterr)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return err_errno(reterr, errno, "%s", path);
	if (is_own(path) && !S_ISREG(status.st_mode))
		return true;
	if ((status.st_mode & (S_IRGRP | S_IWGRP | S_IROTH | S_IWOTH)) != 0)
		return err_set(reterr,
		    "%s: group or others can read or write it (mode %04o); chmod 600 it", path,
		    (unsigned)(status.st_mode & 07777));
	return true;
}

/* A FIFO would block, a device may never end. */
static bool
check_kind(int fd, const char *path, struct err *reterr)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return err_errno(reterr, errno, "%s", path);
	if (is_own(path) || S_ISREG(status.st_mode))
		return true;
	if (S_ISDIR(status.st_mode))
		return err_errno(reterr, EISDIR, "%s", path);
	return err_set(
	    reterr, "%s: is a %s, not a file", path, S_ISFIFO(status.st_mode) ? "FIFO" : "device");
}

/* Without O_NONBLOCK, opening a FIFO blocks until there is a writer. Regular files ignore the
 * flag. */
static int
open_to_read(const char *path)
{
	if (is_stdin(path))
		return STDIN_FILENO;
	return open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | (is_own(path) ? 0 : O_NONBLOCK));
}

static bool
read_file(const char *path, bool private, struct buffer *buffer, struct err *reterr)
{
	int fd = open_to_read(path);
	bool done;

	if (fd < 0)
		return err_errno(reterr, errno, "%s", path);
	done = check_kind(fd, path, reterr) && (!private || check_private(fd, path, reterr)) &&
	       read_all(fd, path, buffer, reterr);
	if (fd != STDIN_FILENO)
		(void)close(fd);
	return done;
}

bool
file_read(const char *path, struct buffer *buffer, struct err *reterr)
{
	return read_file(path, false, buffer, reterr);
}

bool
file_read_private(const char *path, struct buffer *buffer, struct err *reterr)
{
	return read_file(path, true, buffer, reterr);
}

static bool
write_all(int fd, struct span bytes)
{
	while (bytes.len > 0) {
		ssize_t put = write(fd, bytes.at, bytes.len);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return false;
		bytes = span_slice(bytes, (size_t)put, bytes.len);
	}
	return true;
}

char *
file_directory(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return strdup(".");
	return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* A rename is durable only after its directory is synced. Some file systems cannot sync a
 * directory. */
static bool
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	struct buffer name;
	bool done;
	int fd;

	buffer_init(&name, NAME_MAX);
	if (slash == NULL)
		buffer_add_text(&name, ".");
	else
		buffer_add(&name, (struct span){ path, (size_t)(slash - path) + 1 });
	if (name.failed) {
		errno = ENAMETOOLONG;
		return false;
	}
	fd = open(name.at, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	buffer_done(&name);
	if (fd < 0)
		return false;
	done = fsync(fd) == 0 || errno == EINVAL;
	(void)close(fd);
	return done;
}

/* Create and fill the temporary file. On failure it is removed, and errno has the cause. */
static bool
write_temporary(const char *name, struct span bytes, mode_t mode)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
	bool done;
	int number;

	if (fd < 0)
		return false;
	done = write_all(fd, bytes) && fsync(fd) == 0;
	number = errno;
	if (close(fd) != 0 && done) {
		number = errno;
		done = false;
	}
	if (!done)
		(void)unlink(name);
	errno = number;
	return done;
}

static bool
replace(const char *name, const char *path)
{
	int number;

	if (rename(name, path) == 0)
		return sync_directory(path);
	number = errno;
	(void)unlink(name);
	errno = number;
	return false;
}

bool
file_write(const char *path, struct span bytes, mode_t mode, struct err *reterr)
{
	struct buffer name;
	uint64_t unique = 0;
	bool done = false;

	buffer_init(&name, NAME_MAX);
	if (!digest_random(&unique, sizeof(unique))) {
		(void)err_set(reterr, "%s: no random bytes for a temporary name", path);
		goto out;
	}
	buffer_format(&name, "%s.%016" PRIx64 ".tmp", path, unique);
	if (name.failed) {
		(void)err_set(reterr, "%s: no memory for a temporary name", path);
		goto out;
	}
	done = write_temporary(name.at, bytes, mode) && replace(name.at, path);
	if (!done)
		(void)err_errno(reterr, errno, "%s", path);
out:
	buffer_done(&name);
	return done;
}

/* Unlike the modification time, the inode's change time cannot be set back. */
bool
file_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

#define COARSE_S 3

bool
file_settled(const struct stat *seen, int64_t now_s)
{
	return seen->st_ctim.tv_sec < now_s - COARSE_S && seen->st_mtim.tv_sec < now_s - COARSE_S;
}
