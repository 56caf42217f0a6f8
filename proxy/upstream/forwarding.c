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
