/* SPDX-License-Identifier: Apache-2.0 */
/*
 * serving - one request of a connection, on a fiber. For this directory only.
 *
 * Uses:   conn, request_body, request_head.
 * Shell:  calls the gate.
 */
#ifndef POSTERN_PROXY_LISTENER_EVENTS_SERVING_H
#define POSTERN_PROXY_LISTENER_EVENTS_SERVING_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/reason.h"
#include "proxy/listener/events/conn.h"

/* Why a head cannot be served; REASON_OK: it can, as far as is known. `detail` is static. */
struct serving_trouble {
	enum reason reason;
	const char *detail;
};

/*
 * Serve or refuse the request whose head ends at `head_end` of the connection's buffer. True: the
 * connection persists, with the bytes of the next request at the front of its buffer. False: it is
 * to be closed when the client has had time to read the answer.
 *
 * Outside of a fiber only what must be refused: whatever the client does not take at once is lost.
 */
MUST_CHECK bool serving_run(struct conn *conn, size_t head_end, struct serving_trouble trouble);

#endif
