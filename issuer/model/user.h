/* SPDX-License-Identifier: Apache-2.0 */
/*
 * user - a user of the local issuer: a name and a password, for Basic authentication.
 *
 * Uses:   base.
 * Pure:   yes.
 */
#ifndef POSTERN_ISSUER_MODEL_USER_H
#define POSTERN_ISSUER_MODEL_USER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/schema.h"

/* All texts are lent by an arena. */
struct user {
	const char *id;
	const char *name;        /* unique */
	const char *incarnation; /* see incarnation.h; set by the store */
	const char *label;       /* may be empty */
	const char *hash;        /* of the password: password.h */
	struct texts roles;
	bool disabled;
	int64_t created_s;
	struct user *next;
};

/* Are both equal in every field? */
bool user_same(const struct user *a, const struct user *b);

#endif
