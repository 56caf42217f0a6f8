/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_line - the command line of `postern client`, read.
 *
 * Uses:   options, client_print, issuer (admin).
 * Pure:   yes.
 */
#ifndef POSTERN_CLI_CLIENT_LINE_H
#define POSTERN_CLI_CLIENT_LINE_H

#include <stdbool.h>

#include "cli/client_print.h"
#include "cli/options.h"
#include "issuer/admin/admin.h"

struct client_line {
	struct command_line line;
	int output; /* enum client_output */
	bool json;  /* --json */
	struct texts roles;
	struct admin_fields fields;
	const char *jwks_path; /* to be read into fields.jwks; NULL: none was given */
	int slot;              /* enum admin_slot */
	int64_t expires_s;     /* of a new secret; 0: no end */
	bool no_scopes, no_claims, revoke_other, end_tokens, keep_tokens;
};

/* The options of `postern client`; the last row has no name. The verbs are those of client.c. */
enum client_verb {
	CLIENT_ADD,
	CLIENT_LIST,
	CLIENT_SHOW,
	CLIENT_CHANGE,
	CLIENT_RENAME,
	CLIENT_GRANT,
	CLIENT_REVOKE,
	CLIENT_ROTATE,
	CLIENT_REVOKE_SECRET,
	CLIENT_DISABLE,
	CLIENT_ENABLE,
	CLIENT_DELETE,
	CLIENT_EXPORT,
	CLIENT_IMPORT
};
extern const struct command_option client_options[];

/* What must hold between options. NULL: the line is fine, and its fields are complete; else what
 * is wrong. */
const char *client_line_finish(struct client_line *line);

#endif
