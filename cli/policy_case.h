/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_case - the cases of `postern test`: who asks for what, and what is to come of it.
 *
 * Uses:   base (document, schema), json_schema, proxy (config).
 * Pure:   yes, but for policy_case_read(), which reads the file.
 */
#ifndef POSTERN_CLI_POLICY_CASE_H
#define POSTERN_CLI_POLICY_CASE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/document.h"
#include "base/reason.h"
#include "base/schema.h"
#include "proxy/config/config.h"
#include "proxy/http/request.h"

/* Who asks. With all of it empty: nobody, without credentials. Lent by the document's arena. */
struct policy_case_caller {
	const char *issuer;        /* a third-party issuer, by its name in the configuration */
	const struct node *claims; /* of a token of that issuer, or of the local one; of a caller of
				      whom little is known, those that `match` compares; may be
				      NULL */
	const char *client;        /* of the local issuer */
	const char *user;          /* by Basic */
	struct texts roles;        /* that the database grants, or that are simply held */
	struct texts scopes;       /* that are simply held */
	bool anonymous;
};

/* The rows of the file, for a schema; ended by NULL. */
extern const struct schema_section policy_case_sections[];

/* One case. Lent by the document's arena. */
struct policy_case {
	const struct node *node;
	const char *name; /* the request, when it has none of its own */
	struct policy_case_caller caller;
	struct request_certificate certificate; /* of the client; its subject's at == NULL: none */
	char peer[REQUEST_PEER_ROOM];           /* the client's; empty: not known */
	struct span method, target;
	struct span host;      /* of the Host header */
	enum reason expect;    /* REASON_OK: allow */
	const char *privilege; /* that is to decide; NULL: any, or none */
	const char *role;      /* that the caller is to hold; NULL: any, or none */
	int64_t at_s;          /* Unix seconds */
	struct policy_case *next;
};

/* The cases of all files, and what is wrong with them. */
struct policy_cases {
	const struct config *config; /* whose names a case may use; borrowed */
	int64_t now_s;               /* Unix seconds, for cases that name no time */
	struct mistakes mistakes;    /* its arena lends everything */
	struct policy_case *first;   /* in the order of the files */
	struct policy_case **last;   /* where the next one goes */
};

/*
 * Add the cases of a file. Every mistake is reported: unknown keys, issuers, privileges, roles and
 * reasons among them; the cases must not be used then. False only when the file cannot be read.
 *
 * cases  with `config`, `now_s` and the arena of `mistakes` set, the rest zeroed before the first
 *        file.
 */
MUST_CHECK bool policy_case_read(const char *path, struct policy_cases *cases, struct err *reterr);

#endif
