/* SPDX-License-Identifier: Apache-2.0 */
#include "issuer/model/user.h"

#include <string.h>

#include "base/span.h"

static bool
text_same(const char *a, const char *b)
{
	return span_equal(span_of(a), span_of(b));
}

static bool
roles_same(const struct texts *a, const struct texts *b)
{
	size_t i;

	if (a->count != b->count)
		return false;
	for (i = 0; i < a->count; i++)
		if (strcmp(a->at[i], b->at[i]) != 0)
			return false;
	return true;
}

bool
user_same(const struct user *a, const struct user *b)
{
	return text_same(a->id, b->id) && text_same(a->name, b->name) &&
	       text_same(a->incarnation, b->incarnation) && text_same(a->label, b->label) &&
	       text_same(a->hash, b->hash) && roles_same(&a->roles, &b->roles) &&
	       a->disabled == b->disabled && a->created_s == b->created_s;
}
