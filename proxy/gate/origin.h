/* SPDX-License-Identifier: Apache-2.0 */
/*
 * origin - may this request use a token that a browser adds by itself? A page of any origin can
 * make a browser send a cookie; only Origin tells which page did (RFC 6454, Fetch Standard
 * section 3.1).
 *
 * Uses:   request, token (detail), base (arena, cors).
 * Pure:   yes.
 */
#ifndef POSTERN_PROXY_GATE_ORIGIN_H
#define POSTERN_PROXY_GATE_ORIGIN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/cors.h"
#include "proxy/http/request.h"

/*
 * Safe methods (RFC 9110 section 9.2.1) may without an upgrade: the page cannot read the answer,
 * unless `cors` lets it. Every other request needs exactly one Origin, which is scheme and host of
 * the request itself, or one of cors.origins. "*" lists none.
 *
 * cors  of the module; NULL: there is none.
 */
bool origin_may_use_cookie(const struct request *request, const struct cors *cors);

/* Why it may not, with the origin that came and the one that is this host's. Lent by the arena. */
const char *origin_detail(const struct request *request, struct arena *arena);

#endif
