/* SPDX-License-Identifier: Apache-2.0 */
/*
 * query - one parameter among those of a query (WHATWG URL Standard section 5).
 *
 * Uses:   base.
 * Pure:   yes.
 *
 * Parameters are parted by `&` or `;`, since some servers take both. Names are compared with their
 * escapes decoded, because whoever reads them decodes them; values are as sent.
 */
#ifndef POSTERN_PROXY_HTTP_QUERY_H
#define POSTERN_PROXY_HTTP_QUERY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/span.h"

/* The query of a target, without its "?". Borrowed; at == NULL: it has none. */
struct span query_of(struct span target);

/* How many parameters have that name. *ret_value is the last one's, borrowed from the query;
 * unchanged if there is none. */
size_t query_find(struct span query, struct span name, struct span *ret_value);

/* The query without the parameters of that name; the others stay byte for byte. Borrowed from the
 * query, or lent by the arena. False: no memory. */
MUST_CHECK bool query_others(
    struct span query, struct span name, struct arena *arena, struct span *ret_others);

#endif
