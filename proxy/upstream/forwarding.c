/* SPDX-License-Identifier: Apache-2.0 */
#include "proxy/upstream/forwarding.h"

void
forwarding_extend_timeout(struct forwarding *forwarding)
{
	upstream_conn_timeout(
	    forwarding->conn, forwarding->forward->upstream_timeout_ms * INT64_C(1000));
}

enum reason
forwarding_fail(struct forwarding *forwarding, enum reason reason, const char *detail)
{
	forwarding->result->detail = detail;
	return reason;
}

enum reason
forwarding_client_gone(struct forwarding *forwarding)
{
	exchange_abort(forwarding->exchange);
	return forwarding_fail(
	    forwarding, REASON_CLIENT_GONE, "the client left before the answer was complete");
}
