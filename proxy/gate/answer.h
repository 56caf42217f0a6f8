/* SPDX-License-Identifier: Apache-2.0 */
/*
 * answer - the gate's own responses: refusals as problem+json, and small documents.
 *
 * Uses:   exchange, base.
 * Shell:  writes to the client.
 */
#ifndef POSTERN_PROXY_GATE_ANSWER_H
#define POSTERN_PROXY_GATE_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reason.h"
#include "base/span.h"
#include "proxy/listener/exchange.h"

/* A refusal to send (RFC 9457, RFC 6750 section 3, RFC 9728 section 5.1). */
struct answer_refusal {
	enum reason reason;
	const struct request *request; /* that is refused */
	const char *detail;            /* or NULL; sent only if detail_public */
	bool detail_public;
	const char *type_base; /* what stands before the reason in `type` */
	struct span scope;     /* what would have sufficed; may be empty */
	bool basic;            /* Basic is accepted there */
	int64_t wait_s;        /* for Retry-After; 0: some seconds */
	bool disguised;        /* as 403, with the true status in X-Postern-Status */
	struct span request_id;
	struct span cors;     /* header lines for browsers; may be empty */
	struct span rate;     /* header lines of a rate that is exceeded; may be empty */
	const char *metadata; /* URL of the resource's metadata; NULL: on the host of `request` */
};

/*
 * Refuse: application/problem+json with {type,title,status,reason,detail,instance}, X-Postern:
 * refused, X-Request-Id, and WWW-Authenticate where the status asks for it. The connection is
 * closed afterwards when the request was not read to its end or is ambiguous. Does not wait for the
 * client.
 */
void answer_refuse(struct exchange *exchange, const struct answer_refusal *refusal);

/* A complete response of the gate. */
struct answer {
	int status;
	struct span headers; /* whole lines with their CRLF, without framing */
	struct span body;    /* not sent, but counted, on HEAD */
};

/* Write it with Date (RFC 9110 section 6.6.1), Content-Length and, if the connection is not reused,
 * Connection: close. */
void answer_write(struct exchange *exchange, const struct answer *answer);

#endif
