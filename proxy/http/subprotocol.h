/* SPDX-License-Identifier: Apache-2.0 */
/*
 * subprotocol - a bearer token among the protocols that a WebSocket client offers: scripts in
 * browsers can set Sec-WebSocket-Protocol (RFC 6455 section 11.3.4), but not Authorization.
 *
 * Uses:   request, base.
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_HTTP_SUBPROTOCOL_H
#define POSTERN_PROXY_HTTP_SUBPROTOCOL_H

#include "base/buffer.h"
#include "base/check.h"
#include "base/reason.h"
#include "base/span.h"
#include "proxy/http/request.h"

/*
 * Find the token, which follows `bearer` in the list.
 *
 * ret_token   borrowed from the request; at == NULL: `bearer` is not offered.
 * ret_detail  set with a refusal; static text.
 * Returns REASON_OK, REASON_CREDENTIALS_DUPLICATE (`bearer` twice) or
 * REASON_CREDENTIALS_MALFORMED (no token follows, another spelling of `bearer`, an entry that is no
 * token of RFC 9110, more than one such header in any spelling).
 */
MUST_CHECK enum reason subprotocol_find(
    const struct request *request, struct span *ret_token, const char **ret_detail);

/* Append what subprotocol_find() has taken, without `bearer` and the token. Appends nothing if
 * nothing else is offered. */
void subprotocol_add_others(struct span value, struct buffer *buffer);

#endif
