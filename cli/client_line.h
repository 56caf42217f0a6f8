/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client_line - the command line of `postern client`, read.
 *
 * Uses:   command, client_print, issuer (admin).
 * Pure:   yes (allocates).
 */
#ifndef POSTERN_CLI_CLIENT_LINE_H
#define POSTERN_CLI_CLIENT_LINE_H

#include <stdbool.h>

#include "base/check.h"
#include "cli/client_print.h"
#include "issuer/admin.h"

/* Kinds of options; a command says which it takes. */
enum client_options {
	CLIENT_TAKES_OUTPUT = 1, /* --output table|json */
	CLIENT_TAKES_ENV = 2,    /* --output env */
	CLIENT_TAKES_ROLES = 4,  /* --role */
	CLIENT_TAKES_FIELDS = 8, /* --label, --scope, --token-lifetime and their kin */
	CLIENT_TAKES_SLOT = 16,  /* --slot 1|2|both */
	CLIENT_TAKES_OTHER = 32, /* --revoke-other */
	CLIENT_TAKES_TOKENS = 64 /* --end-tokens, --keep-tokens */
};

struct client_line {
	const char *config_path;
	const char *names[2]; /* what is no option */
	int name_count;
	enum client_output output;
	struct texts roles;
	struct admin_fields fields;
	const char *jwks_path; /* to be read into fields.jwks; NULL: none was given */
	enum admin_slot slot;
	bool revoke_other, end_tokens, keep_tokens;
	unsigned given;     /* enum client_options that stand in the line */
	const char **texts; /* what `roles` and `fields.scopes` point into */
};

/* NULL, or what is wrong with it. Texts are lent by argv. client_line_done() it in any case. */
const char *client_line_read(int argc, char **argv, struct client_line *line);
void client_line_done(struct client_line *line);

#endif
