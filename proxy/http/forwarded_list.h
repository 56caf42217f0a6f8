/* SPDX-License-Identifier: Apache-2.0 */
/*
 * forwarded_list - a list to which every proxy appends: read from its end, since what stands before
 * the entries of trusted proxies anybody may have written.
 *
 * Uses:   request, token_char.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_FORWARDED_LIST_H
#define POSTERN_PROXY_HTTP_FORWARDED_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "base/check.h"
#include "base/span.h"
#include "proxy/http/request.h"

/* All lines of that name are one list (RFC 9110 section 5.3). */
struct forwarded_list {
	const struct request *request;
	const char *name;
	size_t lines;     /* headers that were not looked at yet */
	struct span rest; /* of a line; at == NULL: nothing */
};

/* Begin at its end. `name` is static. */
struct forwarded_list forwarded_list_of(const struct request *request, const char *name);

/*
 * The entry before the last one that was taken. Commas within quoted strings separate nothing; an
 * empty entry counts. False: there are no more. An entry of a line with a quotation mark that has
 * no partner cannot be told from others: ret_entry->at == NULL.
 */
MUST_CHECK bool forwarded_list_back(struct forwarded_list *list, struct span *ret_entry);

/* What an element of Forwarded says (RFC 7239 section 4); at == NULL: nothing of that. */
struct forwarded_element {
	struct span node, proto, host;
};

/* Read one. False: it is none, says one thing twice, or escapes characters within one of these. */
MUST_CHECK bool forwarded_element_read(struct span text, struct forwarded_element *ret_element);

#endif
