/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch - a thread's buffers for forwarding one request at a time. They are reused while requests
 * come in quick succession, and freed when the thread is idle.
 *
 * Uses:   header, response.
 * Threads: each has its own.
 */
#ifndef POSTERN_PROXY_HTTP_SCRATCH_H
#define POSTERN_PROXY_HTTP_SCRATCH_H

#include "base/check.h"
#include "proxy/http/response.h"

/* The size of one read, from either side. */
#define SCRATCH_PIECE (16u << 10)

struct scratch {
	char piece[SCRATCH_PIECE];
	struct header headers[RESPONSE_MAX_HEADERS];
};

/* This thread's; lent until scratch_give_back(). NULL: no memory. */
MUST_CHECK struct scratch *scratch_mine(void);

/* Free this thread's, if it has one: when it is idle, and before it ends. */
void scratch_give_back(void);

#endif
