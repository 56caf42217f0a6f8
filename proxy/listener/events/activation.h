/* SPDX-License-Identifier: Apache-2.0 */
/*
 * activation - the sockets that a service manager hands over to a process, by their names
 * (sd_listen_fds(3)). For this directory, and for proxy/gate/server.c, which warns of those that
 * nobody serves.
 *
 * Uses:   base (span, digits).
 * Pure:   yes, but for activation_here(), which reads the environment.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_ACTIVATION_H
#define POSTERN_PROXY_LISTENER_EVENTS_ACTIVATION_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/span.h"

/* The first descriptor that is handed over. */
#define ACTIVATION_FIRST 3

/* The variables LISTEN_PID, LISTEN_FDS and LISTEN_FDNAMES (NULL: not set), and the process that
 * reads them: what is meant for another one is not taken. */
struct activation {
	const char *for_pid, *count, *names;
	pid_t pid;
};

/* Those of this process, lent by the environment. */
struct activation activation_here(void);

/* The name of a descriptor that is handed over, lent; "unknown" if none was given. False: it is not
 * handed over. */
MUST_CHECK bool activation_name(const struct activation *activation, int fd, struct span *ret_name);

/* The first descriptor from `from` on that has this name; -1: none. */
int activation_find(const struct activation *activation, struct span name, int from);

#endif
