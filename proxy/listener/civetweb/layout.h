/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layout - does what the engine parsed account for every byte of a request's head?
 *
 * The engine's parser drops what it does not like: headers beyond its table, folded lines, lines
 * that start with odd bytes, white space before the method (and then it may read a former
 * client's bytes). But it parses in place: every text points into the receive buffer, in order,
 * with NULs where separators were. So the gaps between the texts can be measured, and any gap that
 * is not exactly the separator of RFC 9112 has bytes that another parser may read differently.
 *
 * Uses:   base.
 * Pure:   yes; reads the receive buffer only.
 */
#ifndef POSTERN_PROXY_LISTENER_CIVETWEB_LAYOUT_H
#define POSTERN_PROXY_LISTENER_CIVETWEB_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

/* The texts of a request's head, as the engine left them in its buffer. */
struct layout {
	const char *method;
	const char *uri;
	const char *query;   /* NULL: no "?" */
	const char *version; /* behind "HTTP/" */
	const char *(*name)(const void *headers, size_t index);
	const char *(*value)(const void *headers, size_t index);
	const void *headers;
	size_t header_count;
	size_t held; /* bytes in the buffer from the first byte of this request on */
};

/*
 * NULL when the head is canonical; then *ret_bytes is its length up to and with the empty line,
 * as counted from the method. Else what is wrong, as static text.
 */
const char *layout_check(const struct layout *layout, size_t *ret_bytes);

#endif
