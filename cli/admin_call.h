/* SPDX-License-Identifier: Apache-2.0 */
/*
 * admin_call - ask the operator's listener of a gate that runs here.
 *
 * Uses:   proxy (address), base (buffer).
 * Shell:  sockets.
 * Limits: each wait of five seconds.
 */
#ifndef POSTERN_CLI_ADMIN_CALL_H
#define POSTERN_CLI_ADMIN_CALL_H

#include <stdbool.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"

/* How it went. */
enum admin_call_result {
	ADMIN_CALL_WRONG,  /* the address is none: *reterr says the rule */
	ADMIN_CALL_NOBODY, /* nobody is there: *reterr says why */
	ADMIN_CALL_SILENT, /* no answer that can be read */
	ADMIN_CALL_DONE
};

struct admin_call_answer {
	int status;
	struct buffer *body; /* NULL: it is not read. The caller limits it by buffer_init() */
};

/*
 * GET of a target, which needs no escaping.
 *
 * address     as `admin.address` is written. A gate that listens on all addresses listens on
 *             loopback, too.
 * ret_answer  its `body` is given; the rest is set with ADMIN_CALL_DONE.
 */
MUST_CHECK enum admin_call_result admin_call(const char *address, const char *target,
    struct admin_call_answer *ret_answer, struct err *reterr);

#endif
