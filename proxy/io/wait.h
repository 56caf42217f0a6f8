/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - wait for sockets until a deadline. A fiber waits without its thread; another caller waits
 * by ppoll(), which listener/civetweb does not intercept.
 *
 * Who works for a client says so: then each wait also ends when that client has left.
 *
 * Uses:   watch, fiber, base (clock).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_IO_WAIT_H
#define POSTERN_PROXY_IO_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/check.h"

/* At most so many sockets at a time. */
#define WAIT_MAX 24

/* A deadline that has passed: look, and do not wait. */
#define WAIT_NOT_AT_ALL 1

/* How many are ready; 0: the monotonic deadline passed (`deadline_us` 0: none); -1: failure, or the
 * client has left. */
MUST_CHECK int wait_any(struct pollfd *fds, nfds_t count, int64_t deadline_us);

/* The same for one socket. */
MUST_CHECK int wait_one(int socket, short events, int64_t deadline_us);

/* The same for a socket of which the last read or write, just now, found that it must wait. */
MUST_CHECK int wait_stream(int socket, short events, int64_t deadline_us);

/* Wait without a socket. 1: something woke the fiber, 0: the deadline passed, -1 as above. It may
 * return early. */
MUST_CHECK int wait_pause(int64_t deadline_us);

/* The client for whom a fiber or a thread works. */
struct wait_client {
	int socket;
	bool gone;
	int64_t
	    until_us; /* it has closed its side, and counts as gone from then on; 0: it has not */
};

/*
 * From now on waits end when this client has left: at once after a reset; after its side was closed
 * when WAIT_HALF_CLOSED_US have passed, since it may have closed that side only and still read.
 * Ends with wait_attend(NULL, -1). `client` is written here, lent until then.
 */
#define WAIT_HALF_CLOSED_US (200 * INT64_C(1000))
void wait_attend(struct wait_client *client, int socket);

#endif
