/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/init_write.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As the user's umask has it: no file holds a secret. */
#define FILE_MODE 0644
#define FOLDER_MODE 0755

bool
init_write_path(
    const char *folder, const char *name, char path[INIT_WRITE_PATH], struct err *reterr)
{
	struct span text = span_of(folder);
	bool here = strcmp(folder, ".") == 0;
	const char *between = here || span_ends(text, SPAN("/")) ? "" : "/";
	int len = snprintf(path, INIT_WRITE_PATH, "%s%s%s", here ? "" : folder, between, name);

	return (len > 0 && len < INIT_WRITE_PATH) ||
	       err_set(reterr, "the name of the directory is too long");
}

/* A set of which only a part is there is worse than none. */
static void
hold_signals(sigset_t *before)
{
	static const int ends[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	sigset_t held;

	(void)sigemptyset(&held);
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
		(void)sigaddset(&held, ends[i]);
	(void)pthread_sigmask(SIG_BLOCK, &held, before);
}

static bool
make_folder(struct init_write *write, const char *folder, struct err *reterr)
{
	int len = snprintf(write->folder, sizeof(write->folder), "%s", folder);

	if (len < 0 || len >= INIT_WRITE_PATH)
		return err_set(reterr, "the name of the directory is too long");
	write->made_folder = mkdir(folder, FOLDER_MODE) == 0;
	return write->made_folder || errno == EEXIST || err_errno(reterr, errno, "%s", folder);
}

static bool
write_whole(int fd, struct span text)
{
	while (text.len > 0) {
		ssize_t wrote = write(fd, text.at, text.len);

		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0)
			return false;
		text = span_slice(text, (size_t)wrote, text.len);
	}
	return fsync(fd) == 0;
}

static bool
make_file(struct init_write *write, const struct init_write_file *file, struct err *reterr)
{
	char *path = write->paths[write->made];
	bool done;
	int fd;

	if (!init_write_path(write->folder, file->name, path, reterr))
		return false;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, FILE_MODE);
	if (fd < 0 && errno == EEXIST)
		return err_set(reterr, "%s exists already, and nothing is overwritten", path);
	if (fd < 0)
		return err_errno(reterr, errno, "%s", path);
	write->made++;
	done = write_whole(fd, file->text);
	if (!done)
		(void)err_errno(reterr, errno, "%s", path);
	if (close(fd) != 0 && done)
		done = err_errno(reterr, errno, "%s", path);
	return done;
}

bool
init_write_begin(struct init_write *write, const char *folder, const struct init_write_file *files,
    struct err *reterr)
{
	bool done;

	write->made = 0;
	write->made_folder = false;
	hold_signals(&write->before);
	done = make_folder(write, folder, reterr);
	for (size_t i = 0; done && i < INIT_WRITE_FILES && files[i].name != NULL; i++)
		done = make_file(write, &files[i], reterr);
	if (!done)
		init_write_undo(write);
	return done;
}

void
init_write_keep(struct init_write *write)
{
	(void)pthread_sigmask(SIG_SETMASK, &write->before, NULL);
}

void
init_write_undo(struct init_write *write)
{
	while (write->made > 0)
		(void)unlink(write->paths[--write->made]);
	if (write->made_folder)
		(void)rmdir(write->folder);
	(void)pthread_sigmask(SIG_SETMASK, &write->before, NULL);
}
