/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain_recent - what the running gate keeps of a request, by its id: for `explain --request-id`
 * and `test --record`.
 *
 * Uses:   admin_call, command, proxy (config).
 * Shell:  sockets; standard error.
 */
#ifndef POSTERN_CLI_EXPLAIN_RECENT_H
#define POSTERN_CLI_EXPLAIN_RECENT_H

#include "base/check.h"
#include "base/json.h"

/* Who asks for what. */
struct explain_recent {
	const char *command; /* for messages */
	const char
	    *config; /* the file that names `admin.address`; mistakes elsewhere do not matter */
	const char *id;
};

/*
 * Ask the gate.
 *
 * ret_said  given: json_decref() it; NULL: the exit code is returned, and standard error says why.
 * Returns EXIT_YES, EXIT_NO if the gate does not keep it, or EXIT_TROUBLE.
 */
MUST_CHECK int explain_recent_ask(const struct explain_recent *recent, json_t **ret_said);

#endif
