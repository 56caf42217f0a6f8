/* SPDX-License-Identifier: Apache-2.0 */
/*
 * diff_log - the requests of an access log that another policy would decide otherwise, gathered.
 *
 * Uses:   diff_judge, base.
 * Shell:  reads the file, line by line.
 */
#ifndef POSTERN_CLI_DIFF_LOG_H
#define POSTERN_CLI_DIFF_LOG_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/diff_judge.h"

/* Kinds of changes that are remembered one by one; more are only counted. */
#define DIFF_LOG_KINDS 1000

struct diff_log {
	uint64_t requests, same, changed, undecidable;
	json_t *whys;    /* {WHY: count} */
	json_t *changes; /* {key: {"method", "path" (of the first), "pattern", "caller", "old",
			  * "new", "privilege", "request_id", "count"}} */
};

/* Read FILE ("-": standard input). ret_log  given on success: diff_log_done() it. */
MUST_CHECK bool diff_log_read(const char *file, const struct config *config,
    const struct diff_policies *policies, struct diff_log *ret_log);

/* Free what it holds. */
void diff_log_done(struct diff_log *log);

#endif
