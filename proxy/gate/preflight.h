/* SPDX-License-Identifier: Apache-2.0 */
/*
 * preflight - what browsers are told of calls by pages of other origins (base/cors.h): the answer
 * to a preflight, and the header lines of every other answer.
 *
 * Uses:   transaction, answer, base (cors).
 * Shell:  writes the answer.
 */
#ifndef POSTERN_PROXY_GATE_PREFLIGHT_H
#define POSTERN_PROXY_GATE_PREFLIGHT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/cors.h"
#include "base/span.h"
#include "proxy/gate/transaction.h"
#include "proxy/http/request.h"

/* Is it a preflight (Fetch Standard section 3.2.2): OPTIONS with Origin and
 * Access-Control-Request-Method? Any other OPTIONS is a request like others. */
bool preflight_is(const struct request *request);

/* Answer a preflight; it needs no credentials, which browsers do not send with it. One from an
 * origin that is not allowed, or from two, is ORIGIN_NOT_ALLOWED. */
void preflight_serve(struct transaction *transaction, const struct cors *cors);

/* The header lines of an answer to that request, lent by the arena. at == NULL: `cors` is NULL, and
 * the API itself decides; without memory there are none, and browsers hide the answer from the
 * page. */
struct span preflight_lines(
    const struct cors *cors, const struct request *request, struct arena *arena);

#endif
