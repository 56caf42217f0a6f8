/* SPDX-License-Identifier: Apache-2.0 */
/*
 * wait - wait for sockets until a deadline, by ppoll(), which client_conn.h does not intercept.
 *
 * Uses:   base (clock).
 * Shell:  sockets.
 */
#ifndef POSTERN_PROXY_IO_WAIT_H
#define POSTERN_PROXY_IO_WAIT_H

#include <poll.h>
#include <stdint.h>

/* How many are ready; 0: the monotonic deadline passed (`deadline_us` 0: none); -1: failure. */
int wait_any(struct pollfd *fds, nfds_t count, int64_t deadline_us);

/* The same for one socket. */
int wait_one(int socket, short events, int64_t deadline_us);

#endif
