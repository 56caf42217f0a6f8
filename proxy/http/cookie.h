/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cookie - one cookie among those of a request (RFC 6265 section 4.2).
 *
 * Uses:   request, base.
 * Pure:   yes.
 *
 * Names are compared byte for byte. White space around a name or a value belongs to neither.
 */
#ifndef POSTERN_PROXY_HTTP_COOKIE_H
#define POSTERN_PROXY_HTTP_COOKIE_H

#include <stddef.h>

#include "base/buffer.h"
#include "base/schema.h"
#include "base/span.h"
#include "proxy/http/request.h"

/* How many cookies of all Cookie headers have that name. *ret_value is the last one's, borrowed
 * from the request; unchanged if there is none. */
size_t cookie_find(const struct request *request, struct span name, struct span *ret_value);

/* Append the value of a Cookie header without the cookies of these names; the others stay byte for
 * byte. Appends nothing if there are no others. */
void cookie_add_others(struct span value, const struct texts *names, struct buffer *buffer);

#endif
