/* SPDX-License-Identifier: Apache-2.0 */
/*
 * unix_file - the file of a Unix socket that listens. For this directory only.
 *
 * Uses:   base (err).
 * Shell:  files and sockets.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_UNIX_FILE_H
#define POSTERN_PROXY_LISTENER_EVENTS_UNIX_FILE_H

#include <stdbool.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/check.h"
#include "base/err.h"

/* Which file was made: whatever else is found at its place later is not ours. */
struct unix_file {
	struct sockaddr_un address;
	dev_t device;
	ino_t number;
};

/*
 * Bind the socket to a new file, whose mode is set before anybody can connect: the caller has not
 * called listen() yet. A socket file that nobody listens on is replaced. It is an error if somebody
 * does, or if the file is no socket; then it is left alone.
 */
MUST_CHECK bool unix_file_bind(struct unix_file *file, int socket, mode_t mode, struct err *reterr);

/* Remove the file if it is still the same. */
void unix_file_remove(const struct unix_file *file);

#endif
