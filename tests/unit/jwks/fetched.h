/* SPDX-License-Identifier: Apache-2.0 */
/* fetched - what a fetch from an identity provider on loopback gives. */
#ifndef POSTERN_TESTS_JWKS_FETCHED_H
#define POSTERN_TESTS_JWKS_FETCHED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buffer.h"
#include "idp.h"
#include "jwks/fetch.h"
#include "jwks/keyset.h"

#define DOCUMENT IDP_SET(IDP_FIRST)

static struct idp idp;
static const atomic_bool never;

static inline struct source
source_now(void)
{
	return (struct source){ .kind = SOURCE_URL, .timeout_ms = 60000 };
}

static inline bool
get(const struct source *source, struct fetch_answer *answer, struct err *reterr)
{
	char url[64];

	(void)snprintf(url, sizeof(url), "http://127.0.0.1:%d/keys", idp.port);
	return fetch_get(&(struct fetch_request){ source, url, &never }, answer, reterr);
}

static inline int
set_up(void **state)
{
	struct err err;

	(void)state;
	if (!fetch_setup(&err))
		return -1;
	idp_start(&idp);
	return 0;
}

static inline int
tear_down(void **state)
{
	(void)state;
	idp_stop(&idp);
	fetch_teardown();
	return 0;
}

#endif
