/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/listener/events/unix_file.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

/* Does somebody listen there? The result of connect(), as errno. */
static int
try_to_connect(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), number = 0;

	if (fd < 0)
		return errno;
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) != 0)
		number = errno;
	(void)close(fd);
	return number;
}

/* Remove what a dead process has left. */
static bool
make_room(const struct sockaddr_un *address, struct err *reterr)
{
	struct stat info;
	int number;

	if (lstat(address->sun_path, &info) != 0)
		return true; /* binding will say why, if there is something */
	if (!S_ISSOCK(info.st_mode))
		return err_set(reterr, "there is a file that is no socket");
	number = try_to_connect(address);
	if (number == 0 || number == EAGAIN)
		return err_set(reterr, "another process listens there");
	if (number != ECONNREFUSED)
		return err_errno(
		    reterr, number, "whether another process listens there is not known");
	if (unlink(address->sun_path) != 0 && errno != ENOENT)
		return err_errno(reterr, errno, "what another process has left cannot be removed");
	return true;
}

bool
unix_file_bind(struct unix_file *file, int socket, mode_t mode, struct err *reterr)
{
	const struct sockaddr *address = (const struct sockaddr *)&file->address;
	const char *path = file->address.sun_path;
	struct stat info;

	if (!make_room(&file->address, reterr))
		return false;
	/* The file gets the mode of the socket, less what the umask takes: never more than it may.
	 */
	if (fchmod(socket, mode) != 0 || bind(socket, address, sizeof(file->address)) != 0)
		return err_errno(reterr, errno, "it cannot be made");
	if (chmod(path, mode) != 0 || lstat(path, &info) != 0) {
		(void)err_errno(reterr, errno, "its mode cannot be set");
		(void)unlink(path);
		return false;
	}
	file->device = info.st_dev;
	file->number = info.st_ino;
	return true;
}

void
unix_file_remove(const struct unix_file *file)
{
	struct stat info;

	if (lstat(file->address.sun_path, &info) == 0 && info.st_dev == file->device &&
	    info.st_ino == file->number)
		(void)unlink(file->address.sun_path);
}
