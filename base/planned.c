/* SPDX-License-Identifier: Apache-2.0 */
#include "base/planned.h"

/* Must not list a key that a schema has: only unknown keys are looked up here. */
static const struct {
	const char *key, *hint;
} rows[] = {
	{ "host", "write ADDRESS:PORT under \"address\"" },
	{ "port", "write ADDRESS:PORT under \"address\"" },
	{ "issuer_url", "write \"issuer\"" },
	{ "jwks_url", "write \"jwks_uri\"" },
	{ "audiences", "write \"audience\", which takes a list" },
	{ "skew", "write \"clock_skew\"" },
	{ "leeway", "write \"clock_skew\"" },
	{ "client_id", "this gate is not a client of the issuer; tokens name it in \"audience\"" },
	{ "client_secret", "this gate is not a client of the issuer and needs no secret" },
};

const char *
planned_hint(struct span key)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (span_is(key, rows[i].key))
			return rows[i].hint;
	return NULL;
}
