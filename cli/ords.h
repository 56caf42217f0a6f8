/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ords - a policy and clients made from an export of the metadata of Oracle REST Data Services.
 *
 * Uses:   ords_names, policy, issuer (client), base.
 * Pure:   yes (allocates).
 *
 * Nothing becomes more open than it was: a role, pattern or privilege that cannot be carried over
 * is left out or renamed, and named in the notes; what had no privilege, and so was public in ORDS,
 * is closed.
 */
#ifndef POSTERN_CLI_ORDS_H
#define POSTERN_CLI_ORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buffer.h"
#include "base/check.h"
#include "base/err.h"
#include "base/json.h"

/* What came of it. */
struct ords_made {
	struct buffer policy; /* policy.yaml */
	json_t *clients;      /* {"clients": […]}, for `postern client import` */
	json_t *notes;        /* a list of {"what", "name", "why"}: not carried over, or changed */
	size_t roles, modules, privileges;
};

/*
 * Make them.
 *
 * export  an object as the manual's query gives it; borrowed.
 * prefix  goes in front of every path; "" for none.
 * False: it is no such export, or there is no memory. Call ords_done() in any case.
 */
MUST_CHECK bool ords_make(
    const json_t *export, const char *prefix, struct ords_made *ret_made, struct err *reterr);

/* Free what it holds. */
void ords_done(struct ords_made *made);

/* --- for the files of this noun --- */

/* An import under way. */
struct ords {
	const json_t *export;
	const char *prefix;
	struct ords_made *made;
	json_t *names[4]; /* by enum ords_kind: {name in ORDS: name here} */
	json_t *patterns; /* {pattern: name of the privilege that has it} */
	bool failed;      /* no memory */
};

enum ords_kind { ORDS_ROLE, ORDS_MODULE, ORDS_PRIVILEGE, ORDS_CLIENT };

/* Is it an export whose lists are lists, and what must be names are names? */
MUST_CHECK bool ords_shape(const json_t *export, struct err *reterr);

/* Write the clients into made->clients. */
void ords_clients(struct ords *ords);

/* Note that something of that kind and name was not carried over, or changed. */
void ords_note(struct ords *ords, const char *what, const char *name, const char *why);

/* The text of a member; NULL: there is none, or an empty one. */
const char *ords_text(const json_t *object, const char *key);

/* The name here of what has that name in ORDS: the same where it may be, else a similar one, which
 * is noted. NULL: no memory. Lent by `ords`. */
const char *ords_name(struct ords *ords, enum ords_kind kind, const char *name);

/* May something of that kind keep its name? */
bool ords_name_fits(enum ords_kind kind, const char *name);

#endif
